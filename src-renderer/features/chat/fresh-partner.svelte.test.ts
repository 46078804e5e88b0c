import { describe, expect, it } from 'vitest'
import { ModelId } from '@core/ids'
import { FreshPartner, type FreshInputs } from './fresh-partner.svelte'
import type { Partner } from './partners'

const model = (name: string, changes: Partial<Partner> = {}): Partner => ({
  id: name,
  kind: 'declared',
  name,
  modelId: ModelId.parse(`m/${name}`),
  ready: true,
  paused: false,
  offer: name,
  detail: '',
  metaInstanceId: undefined,
  sees: undefined,
  ...changes,
})

describe('the model of a conversation that has not begun', () => {
  const [small, large, other] = [model('small'), model('large'), model('other')]
  const choosing = () => {
    let inputs: FreshInputs = $state.raw({
      ...{ threadId: 'new', partners: [], named: undefined, latest: undefined, complete: false },
    })
    const fresh = new FreshPartner(() => inputs)
    return (changes: Partial<FreshInputs>) => {
      inputs = { ...inputs, ...changes }
      return fresh.current
    }
  }

  it('is none before all are known, unless the one that is wanted is there', () => {
    const given = choosing()
    expect(given({ partners: [small] })).toBeUndefined()
    expect(given({ partners: [small, large], complete: true })).toBe(small)
    expect(choosing()({ partners: [small, large], named: 'large' })).toBe(large)
    expect(choosing()({ partners: [small, large], latest: 'large' })).toBe(large)
  })

  it('stays the same, whichever becomes ready or is asked in another tab', () => {
    const given = choosing()
    given({ partners: [small, large], complete: true })
    expect(given({ partners: [other, large, small] })).toBe(small)
    expect(given({ latest: 'large' })).toBe(small)
  })

  it('goes only with what is there, and stays when it is declared', () => {
    const given = choosing()
    const onDisk = model('m/small', { kind: 'disk', modelId: small.modelId, ready: false })
    expect(given({ partners: [onDisk, other], complete: true })).toBe(onDisk)
    expect(given({ partners: [other, small] })).toBe(small)
    expect(given({ partners: [large, other] })).toBe(large)
    expect(given({ partners: [small, large, other] })).toBe(large)
  })

  it('is chosen anew by the user, by a link, and for the next conversation', () => {
    const given = choosing()
    given({ partners: [small, large], complete: true })
    expect(given({ named: 'large' })).toBe(large)
    expect(given({ named: undefined, threadId: 'next', latest: 'small' })).toBe(small)
  })
})
