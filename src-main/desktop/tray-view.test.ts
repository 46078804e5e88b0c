import { describe, expect, it } from 'vitest'
import { emptyState } from '@core/state/state'
import { readyWorld, SMALL, World } from '@core/testing/world'
import { trayView } from './tray-view'

describe('the tray', () => {
  it('is hollow while nothing is known', () => {
    expect(trayView(emptyState())).toEqual({ form: 'hollow', summary: 'Starting', models: [] })
  })

  it('closes its ring when all is well', () => {
    const { world } = readyWorld()
    expect(trayView(world.state)).toMatchObject({
      form: 'whole',
      summary: '1 model ready',
      models: [{ label: 'm/small — ready' }],
    })
  })

  it('turns while a model is loaded', () => {
    const world = new World()
    world.addNode('mini')
    world.declare()
    world.reconcile()
    expect(trayView(world.state)).toMatchObject({ form: 'turning', summary: 'Loading 1 model' })
  })

  it('breaks its ring when a model is retried or has no place', () => {
    const { world, id } = readyWorld()
    world.fail(id)
    world.reconcile()
    expect(trayView(world.state)).toMatchObject({
      form: 'broken',
      summary: '1 model in trouble',
      models: [{ label: 'm/small — retrying (1/3)' }],
    })
  })

  it('marks a model that was loaded on request', () => {
    const world = new World()
    world.addNode('Mac Studio')
    world.declare('asked', { onRequest: { idleSeconds: 300 } })
    expect(trayView(world.state).models).toEqual([{ id: 'asked', label: `${SMALL} — placing, on request` }])
  })

  it('says that nothing is declared rather than counting to zero', () => {
    const world = new World()
    world.addNode('mini')
    expect(trayView(world.state)).toEqual({ form: 'whole', summary: 'No always-on models', models: [] })
  })

  it('is whole when all that is declared is paused', () => {
    const world = new World()
    world.addNode('mini')
    world.declare('chat', { paused: true })
    expect(trayView(world.state)).toMatchObject({
      form: 'whole',
      summary: '1 model paused',
      models: [{ label: 'm/small — paused' }],
    })
  })
})
