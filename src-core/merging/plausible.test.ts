import { describe, expect, it } from 'vitest'
import { NodeId } from '../ids'
import { World } from '../testing/world'
import { nothingUnmerged } from './unmerged'
import { declaredOf } from './declared'
import { plausible } from './plausible'

const LATEST = 8.64e15

const declaredBy = (world: World) => ({ ...nothingUnmerged, declared: declaredOf(world.state) })

describe('stamps of another side', () => {
  it('stay as they are where a clock was an hour ahead', () => {
    const world = new World()
    world.wait(3_600_000).declare('d')
    const unmerged = declaredBy(world)
    expect(plausible(unmerged, 0)).toEqual({ unmerged, implausible: [] })
  })

  it('that are beyond reason count as made now, name their leader and lose nothing', () => {
    const world = new World()
    world.state = { ...world.state, masterNodeId: NodeId.parse('liar') }
    world.declare('d')
    const unmerged = declaredBy(world)
    const [one] = Object.values(unmerged.declared.metaInstances)
    if (!one) throw new Error('nothing was declared')
    const created = { ...one.stamps.created, at: LATEST }
    const lying = {
      ...unmerged,
      declared: {
        ...unmerged.declared,
        metaInstances: { d: { ...one, stamps: { created, fields: { name: created } } } },
        removed: { ...unmerged.declared.removed, members: { x: LATEST } },
      },
    }
    const { unmerged: kept, implausible } = plausible(lying, 5000)
    expect(implausible).toEqual(['liar'])
    expect(kept.declared.metaInstances['d']).toEqual({
      value: one.value,
      stamps: { created: { ...created, at: 5000 }, fields: { name: { ...created, at: 5000 } } },
    })
    expect(kept.declared.removed.members).toEqual({ x: 5000 })
  })
})
