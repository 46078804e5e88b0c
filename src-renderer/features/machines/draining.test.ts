import { describe, expect, it } from 'vitest'
import { ModelId } from '@core/ids'
import { departures } from '@core/reconcile/index'
import { GB, SMALL, World } from '@core/testing/world'
import { drainedMachines, fateParts } from './draining'

const fateText = (...outcome: Parameters<typeof fateParts>): string =>
  fateParts(...outcome)
    .map(({ text }) => text)
    .join('')

describe('a drained machine', () => {
  it('shows what moves, what fits nowhere else, and when it may be switched off', () => {
    const world = new World()
    const nodeId = world.addNode('studio')
    const id = world.declare('chat', { name: 'chat' })
    world.reconcile()
    expect(drainedMachines(world.state)).toEqual([])
    world.command({ type: 'DrainMember', nodeId, drained: true })
    expect(drainedMachines(world.state)).toMatchObject([{ name: 'studio', empty: false, text: 'chat is moving away.' }])
    world.reconcile()
    expect(drainedMachines(world.state)).toMatchObject([{ text: 'chat fits nowhere else and stays.' }])
    const other = world.declare('other', { name: 'code' })
    world.command({ type: 'DrainMember', nodeId, drained: false })
    world.reconcile()
    world.command({ type: 'DrainMember', nodeId, drained: true })
    expect(drainedMachines(world.state)).toMatchObject([{ text: 'chat and code are moving away.' }])
    world.command({ type: 'DeleteMetaInstance', metaInstanceId: other })
    world.command({ type: 'DeleteMetaInstance', metaInstanceId: id })
    expect(drainedMachines(world.state)).toMatchObject([{ empty: true }])
  })

  it('shows beforehand why a model fits nowhere else, with machines by name and no identifiers of the API', () => {
    const world = new World()
    const here = world.addNode('here')
    world.addNode('other', { free: GB })
    world.declare('chat', { name: 'chat', nodeIds: [here] })
    world.reconcile()
    const [departure] = departures(world.state, here, world.cards)
    if (departure?.fate !== 'stops') throw new Error('it has another place')
    expect(fateText(world.state, here, departure)).toBe(
      'chat fits nowhere else: you chose only this machine: here; at least 1 machine is needed, 0 are usable',
    )
  })

  it('shows beforehand where a model moves, under the name that its card has', () => {
    const world = new World()
    const nodeId = world.addNode('mini')
    const about = { metaInstanceId: world.declare(), name: SMALL }
    expect(fateText(world.state, nodeId, { ...about, fate: 'moves', nodeIds: [nodeId], tokensPerSecond: 20.6 })).toBe(
      'small moves to mini, about 21 tokens/s',
    )
    const asked = { modelId: ModelId.parse('mlx-community/Qwen3-8B-4bit'), instanceIds: [] }
    expect(fateText(world.state, nodeId, { ...about, fate: 'moves', nodeIds: [nodeId], ends: [asked, asked] })).toBe(
      'small moves to mini · Qwen3-8B-4bit and Qwen3-8B-4bit end for it',
    )
    expect(fateText(world.state, nodeId, { ...about, fate: 'stops', reason: 'mini is full' })).toContain('mini is full')
  })
})
