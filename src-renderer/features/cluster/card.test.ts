import { describe, expect, it } from 'vitest'
import { readyWorld, GB, World } from '@core/testing/world'
import { cardOf, failureLine } from './card'

const card = (world: World, id: Parameters<World['metaInstance']>[0]) =>
  cardOf(world.state, world.metaInstance(id), world.now)

describe('a card', () => {
  it('tells how many layers are loaded on which machine, and shows that much progress', () => {
    const world = new World()
    world.addNode('Mac Studio')
    const id = world.declare()
    world.reconcile()
    world.report(id, { status: 'Loading', layersLoaded: 8, layers: 32 })
    expect(card(world, id)).toMatchObject({
      word: 'Loading',
      tone: 'working',
      line: 'Loading layers 8 of 32 on Mac Studio',
      progress: 0.25,
    })
  })

  it('counts the retries and names the error while it is retried', () => {
    const { world, id } = readyWorld()
    world.fail(id)
    world.reconcile()
    expect(card(world, id)).toMatchObject({ word: 'Retrying (1/3)', tone: 'retrying', machineWord: 'RETRYING' })
    expect(failureLine(card(world, id))).toBe('Mac Studio: out of memory')
  })

  it('keeps saying why it was re-created while it is ready, until it has recovered', () => {
    const { world, id } = readyWorld()
    world.fail(id)
    world.reconcile()
    world.report(id, { status: 'Ready' })
    expect(failureLine(card(world, id))).toBe('Re-created after: Mac Studio: out of memory')
    world.wait(60_000).reconcile()
    expect(failureLine(card(world, id))).toBeUndefined()
  })

  it('says when it will be placed again', () => {
    const { world, id } = readyWorld()
    for (let failure = 1; failure <= 12; failure += 1) {
      world.fail(id)
      world.reconcile()
      if (failure === 8) world.wait(1000).reconcile()
    }
    expect(card(world, id)).toMatchObject({ word: 'Placing again', line: 'Next try in 2 s' })
  })

  it('shows why there is no place', () => {
    const world = new World()
    world.addNode('mini', { free: GB })
    const id = world.declare()
    world.reconcile()
    expect(card(world, id)).toMatchObject({
      word: 'Can’t place yet',
      tone: 'failed',
      line: 'mini has 1 GB free, the model needs 4 GB',
    })
  })
})
