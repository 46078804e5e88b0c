import { flushSync } from 'svelte'
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

  it('is what another window makes of it, while it is shown', () => {
    const kept = new Kept('size', Size, 'small')
    const shown: string[] = []
    const close = $effect.root(() => {
      $effect(() => void shown.push(kept.current))
    })
    flushSync()
    const hear = (key: string | null): void => {
      window.dispatchEvent(new StorageEvent('storage', { key }))
      flushSync()
    }
    localStorage.setItem('size', '"large"')
    hear('colour')
    expect(shown).toEqual(['small'])
    hear('size')
    expect(shown).toEqual(['small', 'large'])
    localStorage.clear()
    hear(null)
    expect(shown).toEqual(['small', 'large', 'small'])
    close()
  })
})
