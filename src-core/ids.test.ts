import { describe, expect, it } from 'vitest'
import { MetaInstanceId } from './ids'

describe('an id', () => {
  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('is never %s, which every object has', (name) => {
    expect(MetaInstanceId.safeParse(name)).toMatchObject({ success: false })
  })

  it('is any other word', () => {
    expect(MetaInstanceId.parse('mlx-community/Qwen3-0.6B-4bit')).toBe('mlx-community/Qwen3-0.6B-4bit')
  })
})
