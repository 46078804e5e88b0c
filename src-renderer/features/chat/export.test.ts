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
  it('is Markdown of the branch that is shown', () => {
    expect(asMarkdown(conversation, messages)).toEqual({
      name: 'What is this.md',
      type: 'text/markdown',
      text: '# What/is: this?\n\n> Be short.\n\n## You\n\nHello\n\n## small\n\nHi\n',
    })
    expect(asMarkdown(conversation, messages, 'b').text).toContain('Hallo')
  })

  it('is JSON of all its branches', () => {
    const file = asJson([{ conversation, messages }])
    expect(file.name).toBe('What is this.json')
    expect(JSON.parse(file.text)).toMatchObject({ conversations: [{ conversation, messages }] })
  })
})
