import { describe, expect, it } from 'vitest'
import { TaskId, type MetaInstanceId } from '../ids'
import { World } from '../testing/world'
import { nextDeadline } from './deadlines'
import { idleUntil, isInDemand, UNUSED_MS } from '../state/idleness'

const IDLE_SECONDS = 5
const IDLE_MS = IDLE_SECONDS * 1000

/** A world with one machine and one temporary declaration, whose instance is ready. */
const asked = (onRequest: { idleSeconds?: number } = { idleSeconds: IDLE_SECONDS }) => {
  const world = new World()
  world.addNode('Mac Studio')
  const id = world.declare('asked', { onRequest })
  world.reconcile()
  world.report(id, { status: 'Ready' })
  return { world, id }
}

const begin = (world: World, id: MetaInstanceId, name = 't'): TaskId => {
  const taskId = TaskId.parse(name)
  const { instanceId } = world.instance(id)
  const task = { taskId, instanceId, kind: 'generation', status: 'Running', createdAt: world.now } as const
  world.apply({ type: 'TaskCreated', task })
  return taskId
}
const answer = (world: World, id: MetaInstanceId, name = 't'): void => {
  world.apply({ type: 'TaskStatusUpdated', taskId: begin(world, id, name), status: 'Complete' })
}

const isThere = (world: World, id: MetaInstanceId): boolean => {
  world.reconcile()
  return id in world.state.metaInstances
}

describe('a declaration made on request', () => {
  it('ends when its idle time after the last answer is over, and a pass is due then', () => {
    const { world, id } = asked()
    answer(world, id)
    expect(nextDeadline(world.state, world.inputs())).toBe(world.now + IDLE_MS)
    expect(isThere(world.wait(IDLE_MS - 1), id)).toBe(true)
    expect(isThere(world.wait(1), id)).toBe(false)
    expect(world.state.instances).toEqual({})
    expect(world.state.lastUsed).toEqual({})
    expect(world.log).toContainEqual(expect.objectContaining({ type: 'MetaInstanceDeleted', cause: 'idle' }))
  })

  it('remembers its last use longer than the task itself is kept', () => {
    const { world, id } = asked({ idleSeconds: 600 })
    answer(world, id)
    world.wait(599_000)
    expect(isThere(world, id)).toBe(true)
    expect(world.state.tasks).toEqual({})
    expect(isThere(world.wait(1000), id)).toBe(false)
  })

  it('is in use while it answers and loads, and for a minute after loading without a request', () => {
    const { world, id } = asked({ idleSeconds: 0 })
    expect(isInDemand(world.state, world.metaInstance(id), world.inputs())).toBe(true)
    expect(isThere(world.wait(UNUSED_MS - 1), id)).toBe(true)
    begin(world, id)
    expect(isThere(world.wait(600_000), id)).toBe(true)
    expect(idleUntil(world.state, world.metaInstance(id), world.inputs())).toBeUndefined()
    const loading = new World()
    loading.addNode('Mac Studio')
    const slow = loading.declare('asked', { onRequest: { idleSeconds: 0 } })
    loading.reconcile()
    loading.report(slow, { status: 'Loading', layersLoaded: 1, layers: 32 })
    expect(isThere(loading.wait(600_000), slow)).toBe(true)
  })

  it('ends too if it fits nowhere or keeps failing', () => {
    const world = new World()
    world.addNode('mini', { free: 1e9 })
    const id = world.declare('asked', { onRequest: { idleSeconds: 1 } })
    world.reconcile()
    expect(world.status(id)).toBe('PLACEMENT_FAILED')
    expect(isThere(world.wait(UNUSED_MS), id)).toBe(false)
    const failing = asked({ idleSeconds: 1 })
    failing.world.fail(failing.id)
    failing.world.reconcile()
    expect(isThere(failing.world.wait(UNUSED_MS), failing.id)).toBe(false)
  })

  it('does not end while it is pinned, without an idle time, or once it is permanent', () => {
    for (const changes of [{ pinned: true }, { onRequest: {} }, { onRequest: null, pinned: null }]) {
      const { world, id } = asked()
      answer(world, id)
      world.command({ type: 'UpdateMetaInstance', metaInstanceId: id, changes })
      expect(isThere(world.wait(3_600_000), id)).toBe(true)
    }
  })

  it('gets its whole idle time again from a new master, which does not know of earlier requests', () => {
    const { world, id } = asked()
    answer(world, id)
    world.wait(IDLE_MS - 1)
    world.deadlinesBegan = world.now
    expect(isThere(world.wait(IDLE_MS - 1), id)).toBe(true)
    expect(isThere(world.wait(1), id)).toBe(false)
  })
})
