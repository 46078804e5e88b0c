import { describe, expect, it } from 'vitest'
import { GB, readyWorld } from '@core/testing/world'
import { bandColour, bandsOf } from './bands'

describe('a machine’s memory', () => {
  it('is other programs, our models, and the rest', () => {
    const { world, id } = readyWorld()
    const node = world.state.nodes['Mac Studio']
    if (!node) throw new Error('no machine')
    const { bands, freeBytes } = bandsOf(world.state, node)
    expect(bands.map(({ label, bytes, share }) => [label, bytes, share])).toEqual([
      ['Other programs', 16 * GB, 0.25],
      ['small', 4 * GB, 0.0625],
    ])
    expect(freeBytes).toBe(44 * GB)
    expect(bands[1]?.colour).toBe(bandColour(world.state, world.instance(id)))
  })

  it('keeps a model’s color when its instance is replaced', () => {
    const { world, id } = readyWorld()
    world.addNode('mini')
    const other = world.declare('other')
    world.reconcile()
    world.report(other, { status: 'Ready' })
    const before = bandColour(world.state, world.instance(other))
    expect(before).not.toBe(bandColour(world.state, world.instance(id)))
    world.command({ type: 'RestartMetaInstance', metaInstanceId: id })
    world.reconcile()
    expect(bandColour(world.state, world.instance(other))).toBe(before)
  })
})
