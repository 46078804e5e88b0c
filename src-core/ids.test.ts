import { describe, expect, it } from 'vitest'
import { LATEST_TIMESTAMP, MetaInstanceId, Timestamp } from './ids'

describe('an id', () => {
  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('is never %s, which every object has', (name) => {
    expect(MetaInstanceId.safeParse(name)).toMatchObject({ success: false })
  })

  it('is any other word', () => {
    expect(MetaInstanceId.parse('mlx-community/Qwen3-0.6B-4bit')).toBe('mlx-community/Qwen3-0.6B-4bit')
  })
})

describe('a time', () => {
  it('is one that a clock can tell: what was folded from a later one could not be read again', () => {
    expect(Timestamp.safeParse(LATEST_TIMESTAMP).success).toBe(true)
    expect(Timestamp.safeParse(LATEST_TIMESTAMP + 1).success).toBe(false)
    expect(new Date(LATEST_TIMESTAMP).getTime()).toBe(LATEST_TIMESTAMP)
  })
})
