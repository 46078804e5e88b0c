import { describe, expect, it } from 'vitest'
import { routeOf } from '../generation/route'
import { NodeId, TaskId, type MetaInstanceId } from '../ids'
import { currentInstance } from '../state/bindings'
import type { Hours } from '../schedules/hours'
import { statusOf } from '../state/status'
import { SMALL, World } from '../testing/world'
import { wallTime } from '../time/clocks'
import { nextDeadline } from './deadlines'

const MINUTE = 60_000
const NINE = Date.parse('2026-03-04T09:00:00Z')
const SIX = Date.parse('2026-03-04T18:00:00Z')
const hours: Hours[] = [{ from: '09:00', to: '18:00', timeZone: 'UTC' }]

/** A world with its own wall clock. */
class ScheduledWorld extends World {
  wall = NINE - MINUTE

  override inputs() {
    return { ...super.inputs(), wall: wallTime(this.wall) }
  }

  /** Time passes on both clocks, with a pass at the end. */
  pass(milliseconds: number): this {
    this.wall += milliseconds
    this.wait(milliseconds).reconcile()
    return this
  }
}

const office = (given: Hours[] = hours): { world: ScheduledWorld; id: MetaInstanceId } => {
  const world = new ScheduledWorld()
  world.addNode('Mac Studio')
  const id = world.declare('chat', { hours: given })
  world.reconcile()
  return { world, id }
}

const scheduled = (world: World): number => world.log.filter(({ type }) => type === 'MetaInstanceScheduled').length

describe('a declaration with hours', () => {
  it('has no instance outside of them, is placed when they begin, and removed when they end', () => {
    const { world, id } = office()
    expect(world.status(id)).toBe('OFF_HOURS')
    expect(statusOf(world.state, world.metaInstance(id)).detail).toBe('until Wed 09:00 (UTC)')
    expect(currentInstance(world.state, id)).toBeUndefined()
    world.pass(MINUTE - 500)
    expect(nextDeadline(world.state, world.inputs())).toBe(world.now + 500)
    world.pass(500).report(id, { status: 'Ready' })
    expect(world.status(id)).toBe('READY')
    world.pass(SIX - world.wall)
    expect(world.status(id)).toBe('OFF_HOURS')
    expect(currentInstance(world.state, id)).toBeUndefined()
    expect(world.metaInstance(id).lastFailureError).toBeUndefined()
  })

  it('answers no request outside of them, and says until when', () => {
    const { world, id } = office()
    expect(routeOf(world.state, SMALL)).toMatchObject({ kind: 'off', metaInstance: { metaInstanceId: id } })
  })

  it('finishes the running requests first, and takes no new ones', () => {
    const { world, id } = office()
    world.pass(MINUTE).report(id, { status: 'Ready' })
    const { instanceId } = world.instance(id)
    const taskId = TaskId.parse('t')
    const task = { taskId, instanceId, kind: 'generation', status: 'Running', createdAt: world.now } as const
    world.apply({ type: 'TaskCreated', task })
    world.pass(SIX - world.wall)
    expect(world.instance(id).instanceId).toBe(instanceId)
    expect(routeOf(world.state, SMALL).kind).toBe('off')
    world.apply({ type: 'TaskStatusUpdated', taskId, status: 'Complete' })
    world.pass(1000)
    expect(currentInstance(world.state, id)).toBeUndefined()
  })

  it('stays paused within its hours if it is paused', () => {
    const { world, id } = office()
    world.command({ type: 'UpdateMetaInstance', metaInstanceId: id, changes: { paused: true } })
    world.pass(MINUTE)
    expect(world.status(id)).toBe('PAUSED')
  })

  it('without them again is always in memory', () => {
    const { world, id } = office()
    world.command({ type: 'UpdateMetaInstance', metaInstanceId: id, changes: { hours: null } })
    world.reconcile()
    expect(world.instance(id).shards).toHaveLength(1)
    expect(world.metaInstance(id).schedule).toBeUndefined()
  })

  it('is on the machines that its present hours name', () => {
    const { world, id } = office()
    const laptop = world.addNode('MacBook Pro', { free: 100e9, total: 128e9 })
    const studio = NodeId.parse('Mac Studio')
    world.command({
      type: 'UpdateMetaInstance',
      metaInstanceId: id,
      changes: {
        hours: [
          { from: '08:00', to: '18:00', timeZone: 'UTC', nodeIds: [studio] },
          { from: '18:00', to: '08:00', timeZone: 'UTC', nodeIds: [laptop] },
        ],
      },
    })
    world.reconcile()
    world.report(id, { status: 'Ready' })
    const before = world.instance(id)
    expect(before.shards.map(({ nodeId }) => nodeId)).toEqual([studio])
    world.pass(SIX - world.wall)
    const replacement = Object.values(world.state.instances).find(({ replaces }) => replaces === before.instanceId)
    expect(replacement?.shards.map(({ nodeId }) => nodeId)).toEqual([laptop])
  })
})

describe('a wall clock', () => {
  it('that jumps back and forth moves a model once a minute at most', () => {
    const { world, id } = office()
    world.pass(MINUTE)
    const before = scheduled(world)
    for (let second = 0; second < 50; second += 1) {
      world.wall = second % 2 === 0 ? NINE - 1000 : NINE + 1000
      world.wait(1000).reconcile()
    }
    expect(scheduled(world)).toBe(before)
    expect(world.instance(id).shards).toHaveLength(1)
  })

  it('that was wrong takes effect after a minute', () => {
    const { world, id } = office()
    world.pass(MINUTE)
    world.wall = NINE - 30 * MINUTE
    world.wait(MINUTE).reconcile()
    expect(world.status(id)).toBe('OFF_HOURS')
  })

  it('that is far from the leader’s own time decides alone', () => {
    const { world, id } = office()
    world.now += 30 * 24 * 60 * MINUTE
    world.wait(0).reconcile()
    expect(world.status(id)).toBe('OFF_HOURS')
  })
})

describe('a request outside its hours', () => {
  const woken = () => {
    const { world, id } = office()
    world.command({ type: 'WakeMetaInstance', metaInstanceId: id, onRequest: { idleSeconds: 5 } })
    world.reconcile()
    world.report(id, { status: 'Ready' })
    return { world, id }
  }

  it('loads it, until it is idle', () => {
    const { world, id } = woken()
    world.wall -= 30 * MINUTE
    expect(world.status(id)).toBe('READY')
    world.pass(MINUTE + 1000)
    expect(world.status(id)).toBe('OFF_HOURS')
    expect(currentInstance(world.state, id)).toBeUndefined()
  })

  it('keeps it in memory when its hours begin', () => {
    const { world, id } = woken()
    const { instanceId } = world.instance(id)
    world.pass(MINUTE)
    world.pass(10 * MINUTE)
    expect(world.instance(id).instanceId).toBe(instanceId)
    expect(world.metaInstance(id).schedule?.woken).toBeUndefined()
  })

  it('makes it evictable for always-on declarations', () => {
    const { world, id } = woken()
    world.addNode('Mac Studio', { free: 6e9, total: 8e9 })
    const other = world.declare('other')
    world.reconcile()
    world.reconcile()
    expect(world.instance(other).shards).toHaveLength(1)
    expect(world.status(id)).toBe('OFF_HOURS')
  })
})
