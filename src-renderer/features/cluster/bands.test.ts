import { describe, expect, it } from 'vitest'
import { NodeId } from '@core/ids'
import { GB, readyWorld, World } from '@core/testing/world'
import { bandColours, bandsOf } from './bands'

describe('a machine’s memory', () => {
  it('is divided into other programs, our models, and free memory', () => {
    const { world, id } = readyWorld()
    const node = world.state.nodes['Mac Studio']
    if (!node) throw new Error('no machine')
    const { bands, freeBytes } = bandsOf(world.state, node, bandColours(world.state))
    expect(bands.map(({ label, bytes, share }) => [label, bytes, share])).toEqual([
      ['Other programs', 16 * GB, 0.25],
      ['small', 4 * GB, 0.0625],
    ])
    expect(freeBytes).toBe(44 * GB)
    expect(bands[1]?.colour).toBe(bandColours(world.state)[world.instance(id).instanceId])
  })

  it('keeps a model’s colour when its instance is replaced', () => {
    const { world, id } = readyWorld()
    world.addNode('mini')
    const other = world.declare('other')
    world.reconcile()
    world.report(other, { status: 'Ready' })
    const colourOf = (declared: typeof id) => bandColours(world.state)[world.instance(declared).instanceId]
    const before = colourOf(other)
    expect(before).not.toBe(colourOf(id))
    world.command({ type: 'RestartMetaInstance', metaInstanceId: id })
    world.reconcile()
    expect(colourOf(other)).toBe(before)
  })

  it('has another colour for each model while there are enough, whatever else is declared', () => {
    const world = new World()
    world.addNode('first', { free: 48 * GB })
    world.addNode('second', { free: 48 * GB })
    const ids = Array.from({ length: 14 }, (_none, at) =>
      world.declare(`model-${at}`, { nodeIds: [NodeId.parse(at % 7 === 0 ? 'first' : 'second')] }),
    )
    world.reconcile()
    for (const node of Object.values(world.state.nodes)) {
      const colours = bandsOf(world.state, node, bandColours(world.state))
        .bands.slice(1, 8)
        .map(({ colour }) => colour)
      expect(new Set(colours).size).toBe(colours.length)
    }
    expect(ids).toHaveLength(14)
  })
})
