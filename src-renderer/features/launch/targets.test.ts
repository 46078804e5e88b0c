import { describe, expect, it } from 'vitest'
import { GB, smallCard, World } from '@core/testing/world'
import { fitOnMachines, targetsOf } from './targets'

const onDisk = { modelId: smallCard.modelId, title: 'Small', bytes: smallCard.storageBytes, card: smallCard }
const onHub = { modelId: 'hub/model', title: 'Hub model', bytes: 12 * GB }

describe('the machines that a model can be dropped on', () => {
  it('are those that it fits first, each with what it would take and how quick it would be', () => {
    const world = new World()
    world.addNode('small', { free: GB })
    world.addNode('mini', { free: 16 * GB, bandwidth: 400e9 })
    expect(targetsOf(world.state, onDisk).map(({ name, fit }) => [name, fit])).toEqual([
      ['mini', { fits: true, text: 'uses 4.0 GB · about 84 tokens/s' }],
      ['small', { fits: false, reason: 'needs 3.0 GB more' }],
    ])
  })

  it('take one that is on no disk by its size, and say that it is downloaded', () => {
    const world = new World()
    const mini = world.addNode('mini', { free: 16 * GB })
    const old = world.addNode('old', { free: 8 * GB })
    const broken = world.addNode('broken', { free: 64 * GB, cannotRun: 'no Python' })
    expect(fitOnMachines(world.state, onHub, [mini])).toEqual({ fits: true, text: 'uses about 12 GB · to download' })
    expect(fitOnMachines(world.state, onHub, [old])).toEqual({ fits: false, reason: 'needs 4.0 GB more' })
    expect(fitOnMachines(world.state, onHub, [mini, old])).toMatchObject({ fits: true })
    expect(fitOnMachines(world.state, onHub, [broken])).toMatchObject({ fits: false })
    world.apply({ type: 'NodeTimedOut', nodeId: old })
    expect(fitOnMachines(world.state, onHub, [old])).toEqual({ fits: false, reason: 'offline' })
  })
})
