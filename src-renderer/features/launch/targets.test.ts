import { describe, expect, it } from 'vitest'
import { PlacementSpace } from '@core/placement/space'
import { GB, smallCard, World } from '@core/testing/world'
import { fitText } from '../fits/fit-text'
import type { Fit } from '../fits/fit'
import { fitOnMachines, targetsOf } from './targets'

/** As people read it, and whether it fits. */
const told = (fit: Fit) => ({ fits: fit.fits, text: fitText(fit) })

const onDisk = { modelId: smallCard.modelId, title: 'Small', bytes: smallCard.storageBytes, card: smallCard }
const onHub = { modelId: 'hub/model', title: 'Hub model', bytes: 12 * GB }

describe('the machines that a model can be dropped on', () => {
  it('are those that it fits first, each with what it would take and how quick it would be', () => {
    const world = new World()
    world.addNode('small', { free: GB })
    world.addNode('mini', { free: 16 * GB, bandwidth: 400e9 })
    expect(targetsOf(new PlacementSpace(world.state), onDisk).map(({ name, fit }) => [name, told(fit)])).toEqual([
      ['mini', { fits: true, text: 'uses 4.0 GB · about 84 tokens/s' }],
      ['small', { fits: false, text: 'needs 3.0 GB more' }],
    ])
  })

  it('take one that is on no disk by its size, and say that it is downloaded', () => {
    const world = new World()
    const mini = world.addNode('mini', { free: 16 * GB })
    const old = world.addNode('old', { free: 8 * GB })
    const broken = world.addNode('broken', { free: 64 * GB, cannotRun: 'no Python' })
    expect(told(fitOnMachines(new PlacementSpace(world.state), onHub, [mini]))).toEqual({
      fits: true,
      text: 'uses about 12 GB · to download',
    })
    expect(told(fitOnMachines(new PlacementSpace(world.state), onHub, [old]))).toEqual({
      fits: false,
      text: 'needs 4.0 GB more',
    })
    expect(fitOnMachines(new PlacementSpace(world.state), onHub, [mini, old])).toMatchObject({ fits: true })
    expect(fitOnMachines(new PlacementSpace(world.state), onHub, [broken])).toMatchObject({ fits: false })
    world.apply({ type: 'NodeTimedOut', nodeId: old })
    expect(told(fitOnMachines(new PlacementSpace(world.state), onHub, [old]))).toEqual({ fits: false, text: 'offline' })
  })
})
