import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Message } from './conversation'
import { prefixChain, PrefixMemory, TEXT_BLOCK } from './prefixes'
import type { ChatPrompt, Prompt } from './request'

/** A stand-in for a hash, without collisions. */
const digest = (text: string): string => text

const says = (role: 'system' | 'user' | 'assistant', text: string): Message => ({
  role,
  parts: [{ type: 'text', text }],
})
const chat = (messages: Message[], more: Partial<ChatPrompt> = {}): Prompt => ({ kind: 'chat', messages, ...more })
const chainOf = (prompt: Prompt) => prefixChain(prompt, digest)
const first = [says('system', 'be brief'), says('user', 'hello')]
const second = [...first, says('assistant', 'hi'), says('user', 'and now?')]

/** Size of the second prompt's prefix that is cached after computing the first. */
const held = (computed: Prompt, asked: Prompt): number => {
  const memory = new PrefixMemory<'runner'>()
  memory.remember('runner', chainOf(computed))
  return memory.held('runner', chainOf(asked))
}

describe('a longer conversation', () => {
  it('finds the earlier one that it continues', () => {
    expect(held(chat(first), chat(second))).toBe(chainOf(chat(first)).at(-1)?.size)
  })

  it('finds what it shares with one that continued differently', () => {
    const other = [...first, says('assistant', 'good day')]
    expect(held(chat(other), chat(second))).toBe(chainOf(chat(first)).at(-1)?.size)
  })

  it.each([
    ['tools', { tools: [{ name: 'f' }] }],
    ['template arguments', { templateArguments: { thinking: true } }],
    ['reasoning', { reasoning: { enabled: false } }],
  ])('with other %s is a different prompt from its beginning', (_what, more) => {
    expect(held(chat(first), chat(second, more))).toBe(0)
    expect(held(chat(first, more), chat(second, more))).toBeGreaterThan(0)
  })

  it('with another system prompt is a different one', () => {
    expect(held(chat(first), chat([says('system', 'be long'), ...second.slice(1)]))).toBe(0)
  })
})

describe('a text', () => {
  it('finds its longest prefix of whole blocks', () => {
    fc.assert(
      fc.property(fc.nat(6), fc.nat(TEXT_BLOCK - 1), fc.nat(4), (blocks, rest, more) => {
        const text = 'x'.repeat(blocks * TEXT_BLOCK + rest)
        const longer = `${text}${'y'.repeat(more * TEXT_BLOCK)}`
        const common = held({ kind: 'text', text }, { kind: 'text', text: longer })
        expect(common).toBe(blocks * TEXT_BLOCK)
      }),
    )
  })
})

describe('the recorded prefixes', () => {
  it('are dropped with the runner', () => {
    const memory = new PrefixMemory<string>()
    memory.remember('ends', chainOf(chat(first)))
    memory.remember('stays', chainOf(chat(first)))
    memory.retain((runner) => runner === 'stays')
    expect([memory.held('ends', chainOf(chat(first))), memory.size]).toEqual([0, 1])
    expect(memory.held('stays', chainOf(chat(first)))).toBeGreaterThan(0)
  })

  it('are bounded: the least recently used are dropped first', () => {
    const memory = new PrefixMemory<string>()
    const numbered = (number: number) => chainOf(chat([says('user', `number ${number}`)]))
    for (let number = 0; number < 5000; number += 1) {
      memory.remember('runner', numbered(number))
      memory.remember('runner', chainOf(chat(first)))
    }
    expect(memory.held('runner', numbered(0))).toBe(0)
    expect(memory.held('runner', numbered(4999))).toBeGreaterThan(0)
    expect(memory.held('runner', chainOf(chat(second)))).toBeGreaterThan(0)
  })

  it('of texts to embed are empty', () => {
    expect(chainOf({ kind: 'embed', inputs: ['x'] })).toEqual([])
  })
})
