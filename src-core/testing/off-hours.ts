import { World } from './world'

/** Builds a machine with a declaration outside its hours; `wake` loads it as a request does, until five minutes idle. */
export const offHours = () => {
  const world = new World()
  world.addNode('mini')
  world.now = Date.parse('2026-03-04T12:00:00Z')
  world.wait(0)
  const id = world.declare('office', { hours: [{ from: '09:00', to: '10:00', timeZone: 'UTC' }] })
  world.reconcile()
  const wake = (): void => {
    world.command({ type: 'WakeMetaInstance', metaInstanceId: id, onRequest: { idleSeconds: 300 } })
    world.reconcile()
    world.report(id, { status: 'Ready' })
  }
  return { world, wake }
}
