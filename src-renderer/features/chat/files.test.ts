import { expect, it } from 'vitest'
import { pastedIn, readTextFile } from './files'

const read = (content: BlobPart, name: string, type = '') => readTextFile(new File([content], name, { type }), 'small')

it('takes any text file, whatever its name', async () => {
  expect(await read('fn main() {}', 'main.rs')).toEqual({ file: { name: 'main.rs', text: 'fn main() {}' } })
})

it.each([
  ['a sound', 'song.mp3', 'audio/mpeg'],
  ['a video', 'film.mp4', 'video/mp4'],
])('says that chats do not send %s', async (medium, name, type) => {
  expect(await read('x', name, type)).toEqual({
    refused: expect.stringMatching(`^${name} is ${medium}: .*small.* text only`) as string,
  })
})

it('refuses binary and too long files', async () => {
  expect(await read(Uint8Array.of(0xff, 0xfe, 0x00), 'a.bin')).toEqual({ refused: 'a.bin is not UTF-8 text.' })
  expect(await read('a\0b', 'b.bin')).toEqual({ refused: 'b.bin is not a text file.' })
  expect(await read('x'.repeat(1_000_001), 'long.txt')).toMatchObject({
    refused: expect.stringContaining('1 MB') as string,
  })
})

const clipboard = (data: Readonly<Record<string, string>>, ...files: readonly File[]) => ({
  files: files as unknown as FileList,
  types: [...Object.keys(data), ...(files.length > 0 ? ['Files'] : [])],
  getData: (type: string) => data[type] ?? '',
})

it('takes from the clipboard what was meant: a picture, a copied file, the text of a table, a long text', () => {
  const picture = new File(['x'], 'image.png', { type: 'image/png' })
  expect(pastedIn(clipboard({}, picture))).toEqual({ files: [picture] })
  expect(pastedIn(clipboard({ 'text/html': '<img>' }, picture))).toEqual({ files: [picture] })
  expect(pastedIn(clipboard({ 'text/plain': 'image.png' }, picture))).toEqual({ files: [picture] })
  expect(pastedIn(clipboard({ 'text/plain': '1\t2', 'text/html': '<table>' }, picture))).toBeUndefined()
  expect(pastedIn(clipboard({ 'text/plain': 'short' }))).toBeUndefined()
  const long = 'word '.repeat(2000)
  expect(pastedIn(clipboard({ 'text/plain': long }))).toEqual({ text: long })
})
