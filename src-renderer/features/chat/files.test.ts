import { expect, it } from 'vitest'
import { readTextFile } from './files'

const read = (content: BlobPart, name: string, type = '') => readTextFile(new File([content], name, { type }), 'small')

it('takes any text, whatever it is called', async () => {
  expect(await read('fn main() {}', 'main.rs')).toEqual({ file: { name: 'main.rs', text: 'fn main() {}' } })
})

it.each([
  ['a PDF', 'paper.pdf', 'application/pdf'],
  ['a sound', 'song.mp3', 'audio/mpeg'],
])('says that chats do not send %s', async (medium, name, type) => {
  expect(await read('x', name, type)).toEqual({
    refused: expect.stringMatching(`^${name} is ${medium}: .*small.* text only`) as string,
  })
})

it('refuses what is no text, and what is too long', async () => {
  expect(await read(Uint8Array.of(0xff, 0xfe, 0x00), 'a.bin')).toEqual({ refused: 'a.bin is no text in UTF-8.' })
  expect(await read('a\0b', 'b.bin')).toEqual({ refused: 'b.bin is no text.' })
  expect(await read('x'.repeat(1_000_001), 'long.txt')).toMatchObject({
    refused: expect.stringContaining('1 MB') as string,
  })
})
