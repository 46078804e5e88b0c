import { describe, expect, it } from 'vitest'
import { World } from '@core/testing/world'
import { servedModels } from '../served-models'
import { running } from './models'

describe('the models in memory', () => {
  it('have a time at which they end also where a request has loaded them outside their hours', () => {
    const world = new World()
    world.addNode('mini')
    world.now = Date.parse('2026-03-04T12:00:00Z')
    world.wait(0)
    const id = world.declare('office', { hours: [{ from: '09:00', to: '10:00', timeZone: 'UTC' }] })
    world.reconcile()
    world.command({ type: 'WakeMetaInstance', metaInstanceId: id, onRequest: { idleSeconds: 300 } })
    world.reconcile()
    world.report(id, { status: 'Ready' })
    const listed = running(world.state, servedModels({ state: world.state, loadable: [] }), () => undefined)
    expect(listed).toMatchObject([{ expires_at: '2026-03-04T12:05:00.000Z' }])
  })
})
