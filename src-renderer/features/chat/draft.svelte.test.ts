import { describe, expect, it } from 'vitest'
import { Draft } from './draft.svelte'
import type { Reader } from './partners'
import type { ChatPicture } from './records'

const picture: ChatPicture = { name: 'cat.png', mediaType: 'image/png', data: 'iVBORw0KGgo=' }
const png = (name = 'cat.png') => new File(['x'], name, { type: 'image/png' })
const seeing: Reader = { name: 'eyes', sees: true, seeing: ['eyes'] }
const draft = () => new Draft(({ name }) => Promise.resolve({ picture: { ...picture, name } }))

describe('the unsent question', () => {
  it('takes texts and pictures, and returns all of them once', async () => {
    const written = draft()
    written.text = '  Look  '
    await written.add([png(), new File(['milk'], 'notes.txt'), png('dog.png')], seeing, 0)
    written.remove(written.pictures[0] ?? picture)
    expect(written.empty).toBe(false)
    expect(written.take()).toEqual({
      text: 'Look',
      files: [{ name: 'notes.txt', text: 'milk' }],
      pictures: [{ ...picture, name: 'dog.png' }],
    })
    expect(written).toMatchObject({ text: '', files: [], pictures: [], empty: true })
  })

  it('refuses pictures for a text-only model, and names models that read them', async () => {
    const written = draft()
    await written.add([png()], { ...seeing, name: 'small', sees: false, seeing: ['eyes', 'other'] }, 0)
    expect(written.refused).toEqual([
      'cat.png is a picture. small reads text only. These read pictures: eyes and other.',
    ])
    await written.add([png()], { name: 'small', sees: false, seeing: [] }, 0)
    expect(written.refused[0]).toContain('No model here reads pictures; a Qwen3-VL or a Gemma 3 does.')
    expect(written.empty).toBe(true)
  })

  it('accepts pictures if it is unknown whether the model reads them: the node will report it', async () => {
    const written = draft()
    await written.add([png()], { name: 'elsewhere', sees: undefined, seeing: [] }, 0)
    expect(written.pictures).toHaveLength(1)
  })

  it('limits the pictures of a conversation to what one request may have', async () => {
    const written = draft()
    await written.add([png('a.png'), png('b.png'), png('c.png')], seeing, 14)
    expect(written.pictures.map(({ name }) => name)).toEqual(['a.png', 'b.png'])
    expect(written.refused).toEqual(['c.png is left out: a conversation shows a model 16 pictures at most.'])
  })

  it('knows which files are being read, and finishes each, also an unreadable one', async () => {
    const written = new Draft(() => Promise.reject(new Error('the file is gone')))
    const notes = new File(['milk'], 'notes.txt')
    const adding = written.add([notes, png()], seeing, 0)
    expect(written.reading.map(({ name }) => name)).toEqual(['notes.txt', 'cat.png'])
    await expect(adding).rejects.toThrow('the file is gone')
    expect(written.reading).toEqual([])
    expect(written.files).toEqual([{ name: 'notes.txt', text: 'milk' }])
  })

  it('takes a vector graphic as text', async () => {
    const written = draft()
    await written.add([new File(['<svg/>'], 'mark.svg', { type: 'image/svg+xml' })], seeing, 0)
    expect(written.files).toEqual([{ name: 'mark.svg', text: '<svg/>' }])
  })
})
