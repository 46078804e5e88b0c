import { describe, expect, it } from 'vitest'
import { ModelId, NodeId } from '../ids'
import { GB, SMALL, smallCard, World } from '../testing/world'
import { departures } from './departure'

const loaded = { status: 'loaded', card: smallCard } as const
const cards = { [SMALL]: loaded }

/** Two machines; the second has memory for a limited number of models. */
const pair = (freeElsewhere: number): { world: World; here: NodeId } => {
  const world = new World()
  const here = world.addNode('here')
  for (const id of ['chat', 'code']) world.declare(id)
  world.reconcile()
  world.addNode('elsewhere', { free: freeElsewhere, total: 64 * GB })
  return { world, here }
}

describe('what happens to models when a machine leaves', () => {
  it('says where they move', () => {
    const { world, here } = pair(48 * GB)
    expect(departures(world.state, here, cards)).toMatchObject([
      { name: SMALL, fate: 'moves', nodeIds: ['elsewhere'] },
      { name: SMALL, fate: 'moves', nodeIds: ['elsewhere'] },
    ])
  })

  it('claims the memory of another machine once', () => {
    const { world, here } = pair(7 * GB)
    const fates = departures(world.state, here, cards)
    expect(fates.map(({ fate }) => fate)).toEqual(['moves', 'stops'])
    expect(fates[1]).toMatchObject({ error: { code: 'not_enough_memory' } })
  })

  it('says that all stop if there is no other machine, and calls the machine away, neither offline nor drained', () => {
    const world = new World()
    const here = world.addNode('here')
    world.declare('chat', { name: 'chat' })
    world.reconcile()
    expect(departures(world.state, here, cards)).toMatchObject([
      {
        metaInstanceId: 'chat',
        name: 'chat',
        fate: 'stops',
        error: { reason: '1 machine: 1 would leave (here); no machine is ready to run models' },
      },
    ])
  })

  it('leaves out models that run elsewhere or not at all, and changes nothing', () => {
    const { world, here } = pair(48 * GB)
    world.declare('paused', { paused: true })
    const before = JSON.stringify(world.state)
    expect(departures(world.state, NodeId.parse('elsewhere'), cards)).toEqual([])
    expect(departures(world.state, here, cards)).toHaveLength(2)
    expect(JSON.stringify(world.state)).toBe(before)
  })

  it('does not predict a place for a model without a card', () => {
    const { world, here } = pair(48 * GB)
    const other = { [ModelId.parse('m/other')]: loaded }
    expect(departures(world.state, here, other).map(({ fate }) => fate)).toEqual(['stops', 'stops'])
  })
})
