import { describe, expect, it } from 'vitest'
import { argumentsText, chanceText, figuresText, progressText, thinkingText, visibleToken } from './answer-text'

describe('the texts about an answer', () => {
  it('have its end, its length, its speed and its time to first token', () => {
    expect(figuresText({ text: '', cut: 'stopped', tokens: 120, tokensPerSecond: 33.6, firstTokenMs: 420 })).toBe(
      'Stopped · 120 tokens · 34 tokens/s · first token after 0.42 s',
    )
    expect(figuresText({ text: '' })).toBe('')
  })

  it('have the progress of prefill, and the time left', () => {
    expect(progressText({ processed: 2048, total: 8192, leftMs: 12_000 })).toBe(
      'Reading the prompt: 2,048 of 8,192 tokens · 12 s left',
    )
    expect(progressText({ processed: 0, total: 10, leftMs: undefined })).toBe('Reading the prompt: 0 of 10 tokens')
  })

  it('have the time that it reasoned', () => {
    expect([thinkingText(undefined, true), thinkingText(12_300, false), thinkingText(200, false)]).toEqual([
      'Thinking…',
      'Thought for 12 s',
      'Thought for 1 s',
    ])
  })

  it('pretty-print calls, and show invisible characters and probabilities', () => {
    expect(argumentsText({ id: '1', name: 'f', arguments: '{"a":1}' })).toBe('{\n  "a": 1\n}')
    expect(argumentsText({ id: '1', name: 'f', arguments: '{"a":' })).toBe('{"a":')
    expect([' Paris', '\n', ''].map(visibleToken)).toEqual(['·Paris', '↵', '∅'])
    expect([Math.log(0.73), Math.log(0.052), -20].map(chanceText)).toEqual(['73 %', '5.2 %', '< 0.1 %'])
  })
})
