import { describe, expect, it } from 'vitest'
import type { DecodedPicture, PictureForm } from './decoded-picture'
import { readPicture } from './picture-file'
import { ChatPicture, MOST_PICTURE_BYTES } from './records'

const START = {
  'image/png': [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a],
  'image/jpeg': [0xff, 0xd8, 0xff, 0xe0],
  'image/gif': [0x47, 0x49, 0x46, 0x38, 0x39, 0x61],
  'image/webp': [0x52, 0x49, 0x46, 0x46, 0, 0],
}
type Type = keyof typeof START
const fileOf = (type: Type, name = 'cat') =>
  new File([Uint8Array.from([...START[type], ...Array<number>(20).fill(7)])], name, { type })

/** A fake browser that encodes each pixel in this many bytes and records what it drew. */
const browser = (size: { width: number; height: number }, bytesPerPixel: Readonly<Record<string, number>>) => {
  const drawn: PictureForm[] = []
  let open = 0
  const decode = (): Promise<DecodedPicture> => {
    open += 1
    return Promise.resolve({
      ...size,
      encode: (form) => {
        drawn.push(form)
        const bytes = new Uint8Array(
          Math.max(20, Math.floor(form.width * form.height * (bytesPerPixel[form.type] ?? 1))),
        )
        bytes.set(START[form.type])
        return Promise.resolve(new Blob([bytes], { type: form.type }))
      },
      close: () => {
        open -= 1
      },
    })
  }
  return { drawn, decode, open: () => open }
}
const sizeOf = ({ data }: ChatPicture) => atob(data).length

describe('a picture for a question', () => {
  it.each(['image/png', 'image/gif', 'image/webp'] as const)(
    'is encoded as PNG in its own size if it was %s and fits',
    async (type) => {
      const { drawn, decode, open } = browser({ width: 640, height: 480 }, { 'image/png': 1 })
      const read = await readPicture(fileOf(type, 'cat'), decode)
      expect(read).toMatchObject({ picture: { name: 'cat', mediaType: 'image/png' } })
      expect(drawn).toEqual([{ type: 'image/png', width: 640, height: 480 }])
      if ('picture' in read) expect(ChatPicture.parse(read.picture)).toEqual(read.picture)
      expect(open()).toBe(0)
    },
  )

  it('that is too large is scaled down to 2048 pixels in its proportions, and a photo stays JPEG', async () => {
    const { drawn, decode } = browser({ width: 6000, height: 3000 }, { 'image/jpeg': 0.2 })
    expect(await readPicture(fileOf('image/jpeg'), decode)).toMatchObject({ picture: { mediaType: 'image/jpeg' } })
    expect(drawn).toEqual([{ type: 'image/jpeg', quality: 0.9, width: 2048, height: 1024 }])
  })

  it('with too many bytes becomes JPEG, and then smaller, until it fits', async () => {
    const { drawn, decode } = browser({ width: 2000, height: 1 << 11 }, { 'image/png': 3, 'image/jpeg': 0.5 })
    const read = await readPicture(fileOf('image/png'), decode)
    expect(drawn.map(({ type, height }) => `${type} ${height}`)).toEqual([
      'image/png 2048',
      'image/jpeg 2048',
      'image/jpeg 2048',
      'image/png 1024',
      'image/jpeg 1024',
    ])
    expect('picture' in read && sizeOf(read.picture)).toBeLessThanOrEqual(MOST_PICTURE_BYTES)
  })

  it('is refused with a reason if it is of another type, damaged, or too large to decode', async () => {
    const { decode } = browser({ width: 1, height: 1 }, {})
    const broken = () => Promise.reject(new DOMException('The source image could not be decoded.', 'InvalidStateError'))
    expect(await readPicture(new File(['II*\0 a TIFF'], 'a.tiff', { type: 'image/tiff' }), decode)).toEqual({
      refused: 'a.tiff is not a PNG, JPEG, WebP or GIF.',
    })
    expect(await readPicture(fileOf('image/png', 'b.png'), broken)).toEqual({
      refused: 'b.png can’t be read as a picture; it may be damaged.',
    })
    const huge = new File([], 'c.png', { type: 'image/png' })
    Object.defineProperty(huge, 'size', { value: 50_000_001 })
    expect(await readPicture(huge, decode)).toEqual({
      refused: 'c.png is larger than 50 MB: make the picture smaller.',
    })
  })
})
