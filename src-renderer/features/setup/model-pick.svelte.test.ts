import { describe, expect, it } from 'vitest'
import { ModelId } from '@core/ids'
import { ModelPick } from './model-pick.svelte'
import type { Recommendation } from './recommendations'

const offer = (name: string): Recommendation => ({
  modelId: ModelId.parse(`hub/${name}`),
  title: name,
  bytes: 1,
  onDisk: true,
  starter: false,
  about: '',
  lack: undefined,
})

describe('the model of the first step', () => {
  const [small, large, other] = [offer('small'), offer('large'), offer('other')]
  const picking = () => {
    let possible: readonly Recommendation[] = $state.raw([])
    const pick = new ModelPick(() => possible)
    return {
      pick,
      /** What is picked once these can be launched. */
      among: (...offers: readonly Recommendation[]) => {
        possible = offers
        return pick.model
      },
    }
  }

  it('is none before the list is complete, then the recommended one', () => {
    const { among } = picking()
    expect(among()).toBeUndefined()
    expect(among(small, other)).toBe(small)
  })

  it('stays when a better one is recommended, and goes only with what can be launched', () => {
    const { among } = picking()
    among(small, other)
    expect(among(large, small, other)).toBe(small)
    expect(among(large, other)).toBe(large)
    expect(among(small, large, other)).toBe(large)
    // As while a machine cannot run models for a moment.
    expect(among()).toBeUndefined()
    expect(among(small, large, other)).toBe(large)
  })

  it('is the one that the user chose', () => {
    const { among, pick } = picking()
    among(small, other)
    pick.choose(other.modelId)
    expect(among(large, small, other)).toBe(other)
    expect(among(large, small)).toBe(large)
    expect(among(large, small, other)).toBe(other)
  })
})
