import { describe, expect, it } from 'vitest'
import { asJson, asMarkdown } from './export'
import type { Conversation, Message } from './records'

const conversation: Conversation = {
  id: 'c',
  title: 'What/is: this?',
  options: { system: 'Be short.' },
  leafId: 'a',
  createdAt: 1,
  changedAt: 2,
}
const messages: readonly Message[] = [
  { id: 'q', conversationId: 'c', at: 1, role: 'user', text: 'Hello' },
  { id: 'a', conversationId: 'c', parentId: 'q', at: 2, role: 'assistant', model: 'small', text: 'Hi' },
  { id: 'b', conversationId: 'c', parentId: 'q', at: 3, role: 'assistant', model: 'small', text: 'Hallo' },
]

describe('an exported conversation', () => {
  it('is Markdown of the shown branch', () => {
    expect(asMarkdown(conversation, messages)).toEqual({
      name: 'What is this.md',
      type: 'text/markdown',
      text: '# What/is: this?\n\n> Be short.\n\n## You\n\nHello\n\n## small\n\nHi\n',
    })
    expect(asMarkdown(conversation, messages, 'b').text).toContain('Hallo')
  })

  it('has a name of whole characters, in every script', () => {
    const nameFor = (title: string) => asMarkdown({ ...conversation, title }, messages).name
    expect(nameFor(`a${'𠮷'.repeat(60)}`)).toBe(`a${'𠮷'.repeat(39)}.md`)
    expect(nameFor('हिन्दी में?')).toBe('हिन्दी में.md')
  })

  it('contains its pictures, whatever their names', () => {
    const picture = { name: 'a [cat]\n.png', mediaType: 'image/png', data: 'iVBORw0KGgo=' } as const
    const shown: readonly Message[] = [
      { id: 'a', conversationId: 'c', at: 1, role: 'user', text: '', pictures: [picture] },
    ]
    expect(asMarkdown(conversation, shown).text).toContain(
      '## You\n\n![a \\[cat\\] .png](data:image/png;base64,iVBORw0KGgo=)\n',
    )
    expect(JSON.parse(asJson([{ conversation, messages: shown }]).text)).toMatchObject({
      conversations: [{ messages: [{ pictures: [picture] }] }],
    })
  })

  it('is JSON of all its branches', () => {
    const file = asJson([{ conversation, messages }])
    expect(file.name).toBe('What is this.json')
    expect(JSON.parse(file.text)).toMatchObject({ conversations: [{ conversation, messages }] })
  })
})
