import { beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { Kept } from './kept.svelte'

const Size = z.enum(['small', 'large'])

describe('a kept value', () => {
  beforeEach(() => localStorage.clear())

  it('is there again after the page was opened anew', () => {
    new Kept('size', Size, 'small').current = 'large'
    expect(new Kept('size', Size, 'small').current).toBe('large')
  })

  it.each(['"huge"', '{', 'null'])('begins anew where what was kept is %s', (text) => {
    localStorage.setItem('size', text)
    expect(new Kept('size', Size, 'small').current).toBe('small')
  })
})
