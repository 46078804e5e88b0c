import { describe, expect, it } from 'vitest'
import { PlacementSpace } from '@core/placement/space'
import { GB, SMALL, smallCard, World } from '@core/testing/world'
import { fitText } from '../fits/fit-text'
import type { Fit } from '../fits/fit'
import { fitOnMachines, targetsOf } from './targets'

/** The text that users read, and whether it fits. */
const shown = (fit: Fit) => ({ fits: fit.fits, text: fitText(fit) })

const onDisk = { modelId: smallCard.modelId, title: 'Small', bytes: smallCard.storageBytes, card: smallCard }
const onHub = { modelId: 'hub/model', title: 'Hub model', bytes: 12 * GB }

describe('the drop targets of a model', () => {
  it('are sorted by fit, each with its memory use and speed', () => {
    const world = new World()
    world.addNode('small', { free: GB })
    world.addNode('mini', { free: 16 * GB, bandwidth: 400e9 })
    expect(targetsOf(new PlacementSpace(world.state), onDisk).map(({ name, fit }) => [name, shown(fit)])).toEqual([
      ['mini', { fits: true, text: 'uses 4.0 GB · about 84 tokens/s' }],
      ['small', { fits: false, text: 'needs 3.0 GB more' }],
    ])
  })

  it('judge a model that is on no disk by its size, and say that it will be downloaded', () => {
    const world = new World()
    const mini = world.addNode('mini', { free: 16 * GB })
    const old = world.addNode('old', { free: 8 * GB })
    const broken = world.addNode('broken', { free: 64 * GB, cannotRun: 'no Python' })
    expect(shown(fitOnMachines(new PlacementSpace(world.state), onHub, [mini]))).toEqual({
      fits: true,
      text: 'uses about 12 GB · to download',
    })
    expect(shown(fitOnMachines(new PlacementSpace(world.state), onHub, [old]))).toEqual({
      fits: false,
      text: 'needs 4.0 GB more',
    })
    expect(fitOnMachines(new PlacementSpace(world.state), onHub, [mini, old])).toMatchObject({ fits: true })
    world.declare('asked', { name: 'notes', onRequest: { idleSeconds: 300 }, nodeIds: [mini] })
    world.cards = { ...world.cards, [SMALL]: { status: 'loaded', card: { ...smallCard, storageBytes: 5 * GB } } }
    world.reconcile()
    expect(shown(fitOnMachines(new PlacementSpace(world.state), onHub, [mini]))).toEqual({
      fits: true,
      text: 'uses about 12 GB · to download · notes ends for it',
    })
    expect(fitOnMachines(new PlacementSpace(world.state), onHub, [broken])).toMatchObject({ fits: false })
    world.apply({ type: 'NodeTimedOut', nodeId: old })
    expect(shown(fitOnMachines(new PlacementSpace(world.state), onHub, [old]))).toEqual({
      fits: false,
      text: 'offline',
    })
  })
})
