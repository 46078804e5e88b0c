import { beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { Kept } from './kept.svelte'

const Size = z.enum(['small', 'large'])

describe('a persisted value', () => {
  beforeEach(() => localStorage.clear())

  it('is available again after a reload', () => {
    new Kept('size', Size, 'small').current = 'large'
    expect(new Kept('size', Size, 'small').current).toBe('large')
  })

  it.each(['"huge"', '{', 'null'])('is reset if the stored value is %s', (text) => {
    localStorage.setItem('size', text)
    expect(new Kept('size', Size, 'small').current).toBe('small')
  })
})
