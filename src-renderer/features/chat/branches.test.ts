import { describe, expect, it } from 'vitest'
import { leafAfter, newestLeaf, pathTo, picturesOn, promptOf, questionText, siblingsOf, titleOf } from './branches'
import type { Message } from './records'

const user = (id: string, parentId: string | undefined, at: number, text = id): Message => ({
  id,
  conversationId: 'c',
  ...(parentId !== undefined && { parentId }),
  at,
  role: 'user',
  text,
})
const answer = (id: string, parentId: string, at: number): Message => ({
  id,
  conversationId: 'c',
  parentId,
  at,
  role: 'assistant',
  model: 'm',
  text: id,
})

/** A question with two answers, of which the first was followed up; then the question was edited. */
const tree = [
  user('q', undefined, 1),
  answer('a', 'q', 2),
  user('q2', 'a', 3),
  answer('a2', 'q2', 4),
  answer('b', 'q', 5),
  user('edited', undefined, 6),
]

describe('the branches of a conversation', () => {
  it('are paths from the first message', () => {
    expect(pathTo(tree, 'a2').map(({ id }) => id)).toEqual(['q', 'a', 'q2', 'a2'])
    expect(pathTo(tree, 'gone')).toEqual([])
    expect(pathTo(tree, undefined)).toEqual([])
  })

  it('end at their newest message', () => {
    expect(newestLeaf(tree)).toBe('edited')
    expect(newestLeaf(tree, 'q')).toBe('b')
    expect(newestLeaf(tree, 'a')).toBe('a2')
    expect(newestLeaf([])).toBeUndefined()
  })

  it('are siblings where they diverge', () => {
    const b = tree.find(({ id }) => id === 'b') as Message
    expect(siblingsOf(tree, b)).toMatchObject({ index: 1, all: [{ id: 'a' }, { id: 'b' }] })
    expect(siblingsOf(tree, tree[0] as Message).all.map(({ id }) => id)).toEqual(['q', 'edited'])
  })

  it('stay as this window shows them when another window writes, and follow its continuation', () => {
    expect(leafAfter(tree, { own: 'a2', recorded: 'edited' })).toBe('a2')
    expect(leafAfter([...tree, user('more', 'a2', 7)], { own: 'a2', recorded: 'edited' })).toBe('more')
    expect(leafAfter(tree, { own: 'gone', recorded: 'a2' })).toBe('a2')
    expect(leafAfter(tree, { own: undefined, recorded: undefined })).toBe('edited')
    // A message that was stored a moment ago, and that the record does not refer to yet.
    expect(leafAfter([...tree, user('more', 'a2', 7)], { own: undefined, recorded: 'a2' })).toBe('more')
  })

  it('survive records that form a cycle', () => {
    const circle = [user('x', 'y', 1), user('y', 'x', 2)]
    expect(pathTo(circle, 'x').length).toBeLessThanOrEqual(2)
    expect(['x', 'y']).toContain(newestLeaf(circle, 'x'))
  })
})

describe('the messages sent to a model', () => {
  it('start with the system prompt, and have no two questions in a row', () => {
    const path = [user('lost', undefined, 1), user('q', 'lost', 2), answer('a', 'q', 3), user('bye', 'a', 4)]
    expect(promptOf(path, 'Be short.')).toEqual([
      { role: 'system', content: 'Be short.' },
      { role: 'user', content: 'q' },
      { role: 'assistant', content: 'a' },
      { role: 'user', content: 'bye' },
    ])
  })

  it('have files in fences that the files cannot close', () => {
    expect(questionText('What is it?', [{ name: 'a.md', text: '```\nx\n```' }])).toBe(
      'File a.md:\n````\n```\nx\n```\n````\n\nWhat is it?',
    )
  })

  it('have calls with their results, and no calls without', () => {
    const calls = [{ id: '1', name: 'clock', arguments: '{}' }]
    const called = { ...answer('a', 'q', 2), calls } as Message
    const results: Message = {
      id: 'r',
      conversationId: 'c',
      parentId: 'a',
      at: 3,
      role: 'tool',
      results: [{ id: '1', name: 'clock', text: 'noon' }],
    }
    expect(promptOf([user('q', undefined, 1), called, results]).slice(1)).toEqual([
      {
        role: 'assistant',
        content: 'a',
        tool_calls: [{ id: '1', type: 'function', function: { name: 'clock', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: '1', content: 'noon' },
    ])
    expect(promptOf([user('q', undefined, 1), called, user('q2', 'a', 3)])[1]).toEqual({
      role: 'assistant',
      content: 'a',
    })
  })
})

describe('the title of a conversation', () => {
  it('is the start of its first question, cut between words', () => {
    expect(titleOf('  Why is\nthe sky blue? ')).toBe('Why is the sky blue?')
    expect(titleOf('word '.repeat(40))).toBe(`${'word '.repeat(12).trim()}…`)
    expect(titleOf('', [{ name: 'notes.txt' }])).toBe('notes.txt')
  })

  it('has no character that is cut in two', () => {
    expect(titleOf(`a${'😀'.repeat(40)}`)).toBe(`a${'😀'.repeat(14)}…`)
  })
})

describe('pictures of a question', () => {
  const picture = { name: 'cat.png', mediaType: 'image/png', data: 'iVBORw0KGgo=' } as const
  const shown = (text: string): Message => ({
    id: 'p',
    conversationId: 'c',
    at: 1,
    role: 'user',
    text,
    files: [{ name: 'a.txt', text: 'milk' }],
    pictures: [picture],
  })
  const part = { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } }

  it('precede its text, also in later turns', () => {
    expect(promptOf([shown('What is it?'), answer('a', 'p', 2), user('q', 'a', 3)])).toMatchObject([
      {
        role: 'user',
        content: [part, { type: 'text', text: expect.stringMatching(/milk[^]*What is it\?$/) as string }],
      },
      { role: 'assistant' },
      { role: 'user', content: 'q' },
    ])
    expect(picturesOn([shown('a'), answer('a', 'p', 2), user('q', 'a', 3), shown('b')])).toBe(2)
  })

  it('need no text, and give their conversation a title', () => {
    const { files: _none, ...wordless } = shown('') as Extract<Message, { role: 'user' }>
    expect(promptOf([wordless])).toEqual([{ role: 'user', content: [part] }])
    expect(titleOf('', [picture])).toBe('cat.png')
  })
})
