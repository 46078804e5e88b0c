import { describe, expect, it } from 'vitest'
import { readyWorld, SMALL } from '@core/testing/world'
import { chosenPartner, partnersOf } from './partners'

describe('models to talk to', () => {
  it('begin with those that answer at once', () => {
    const { world } = readyWorld()
    world.declare('sleeping', { paused: true, name: 'sleeper' })
    const other = world.declare('other', { name: 'helper' })
    world.reconcile()
    world.report(other, { status: 'Ready' })
    expect(partnersOf(world.state).map(({ name, word, ready }) => [name, word, ready])).toEqual([
      ['small', 'READY', true],
      ['helper', 'READY', true],
      ['sleeper', 'PAUSED', false],
    ])
  })

  it('are none that only make embeddings', () => {
    const { world } = readyWorld()
    expect(partnersOf(world.state, (modelId) => modelId === SMALL)).toEqual([])
  })

  it('are found by id or by name, and else the first is taken', () => {
    const { world } = readyWorld()
    world.declare('loading', { name: 'helper' })
    const partners = partnersOf(world.state)
    expect(chosenPartner(partners, 'loading')?.name).toBe('helper')
    expect(chosenPartner(partners, 'helper')?.id).toBe('loading')
    expect(chosenPartner(partners, 'gone')?.id).toBe('chat')
    expect(chosenPartner([], undefined)).toBeUndefined()
  })

  it('include instances that nothing keeps, by their model', () => {
    const { world, id } = readyWorld()
    const { metaInstanceId: _unbound, ...loose } = world.instance(id)
    world.state = { ...world.state, metaInstances: {}, instances: { [loose.instanceId]: loose } }
    expect(partnersOf(world.state)).toMatchObject([{ id: 'm/small', ready: true, metaInstanceId: undefined }])
  })
})
