import { describe, expect, it } from 'vitest'
import { type MetaInstanceId, NodeId, RunnerId, TaskId } from '../ids'
import { next } from '../events/next'
import { durablePart } from '../state/durable'
import { State } from '../state/state'
import { readyWorld, type World } from '../testing/world'
import type { Event } from '../events/event'
import { fold, Folding } from './fold'
import { placingDelayMs } from './meta-instances'
import { MAX_ENDED_TASKS } from './tasks'

const addTask = (world: World, id: MetaInstanceId, name: string, takenBy?: NodeId): TaskId => {
  const taskId = TaskId.parse(name)
  const { instanceId } = world.instance(id)
  world.apply({
    type: 'TaskCreated',
    task: {
      taskId,
      instanceId,
      kind: 'generation',
      ...(takenBy && { takenBy }),
      status: 'Pending',
      createdAt: world.now,
    },
  })
  return taskId
}

describe('an event about something that no longer exists', () => {
  it('changes nothing but the index', () => {
    const { world, id } = readyWorld()
    const { instanceId } = world.instance(id)
    const [shard] = world.instance(id).shards
    world.command({ type: 'DeleteMetaInstance', metaInstanceId: id })
    const before = world.state
    world.apply(
      { type: 'InstanceRetrying', instanceId, metaInstanceId: id, failureError: 'x', runnerIds: [RunnerId.parse('r')] },
      { type: 'InstanceDeleted', instanceId, failureError: 'x', cause: 'runners' },
      { type: 'MetaInstancePlacementFailed', metaInstanceId: id, reason: 'x', code: 'x' },
      { type: 'MetaInstanceRecovered', metaInstanceId: id },
      { type: 'MetaInstanceDeleted', metaInstanceId: id },
      { type: 'RunnerStatusUpdated', runnerId: shard?.runnerId ?? RunnerId.parse('gone'), status: 'Ready' },
      { type: 'TaskFailed', taskId: TaskId.parse('gone'), error: 'x' },
    )
    expect({ ...world.state, lastEventIndex: 0 }).toEqual({ ...before, lastEventIndex: 0 })
  })
})

describe('a node that goes', () => {
  const gone = NodeId.parse('laptop')
  it.each([
    { type: 'NodeTimedOut', nodeId: gone },
    { type: 'NodeLeaving', nodeId: gone, reason: 'sleep' },
    { type: 'MemberRemoved', nodeId: gone },
  ] as const)('takes the requests along that were asked of it, and no others: $type', (event) => {
    const { world, id } = readyWorld()
    world.addNode('laptop')
    const live = addTask(world, id, 'live', gone)
    const complete = addTask(world, id, 'complete', gone)
    world.apply({ type: 'TaskStatusUpdated', taskId: complete, status: 'Complete' })
    const others = addTask(world, id, 'others', world.addNode('other'))
    const nobodys = addTask(world, id, 'nobodys')
    world.wait(5).apply(event)
    expect(world.state.tasks[live]).toMatchObject({ status: 'Cancelled', endedAt: world.now })
    expect(world.state.tasks[complete]?.status).toBe('Complete')
    expect(world.state.tasks[others]?.status).toBe('Pending')
    expect(world.state.tasks[nobodys]?.status).toBe('Pending')
  })

  it('can accept no more tasks once it is removed, as nothing would end them', () => {
    const { world, id } = readyWorld()
    world.apply({ type: 'MemberRemoved', nodeId: world.addNode('laptop') })
    expect(world.state.tasks).not.toHaveProperty(addTask(world, id, 'late', gone))
  })
})

describe('RunnerStatusUpdated', () => {
  it('tells a new leader how long the instance has served', () => {
    const { world, id } = readyWorld()
    world.state = durablePart(world.state)
    world.wait(90_000)
    for (const { runnerId } of world.instance(id).shards)
      world.apply({ type: 'RunnerStatusUpdated', runnerId, status: 'Ready', servingMs: 60_000 })
    expect(world.instance(id).readySince).toBe(world.now - 60_000)
  })

  it('of an older machine counts from the report', () => {
    const { world, id } = readyWorld()
    world.state = durablePart(world.state)
    world.wait(90_000).report(id, { status: 'Running' })
    expect(world.instance(id).readySince).toBe(world.now)
  })
})

describe('InstanceRetrying', () => {
  it('keeps the instance, gives its shards new runners, fails its live tasks and counts one failure', () => {
    const { world, id } = readyWorld()
    const task = addTask(world, id, 't1')
    const before = world.instance(id)
    world.apply({
      type: 'InstanceRetrying',
      instanceId: before.instanceId,
      metaInstanceId: id,
      failureError: 'Mac Studio: out of memory',
      runnerIds: [RunnerId.parse('second')],
    })
    expect(world.instance(id).instanceId).toBe(before.instanceId)
    expect(world.instance(id).shards.map(({ runnerId }) => runnerId)).toEqual(['second'])
    expect(world.instance(id).readySince).toBeUndefined()
    expect(world.state.runners).toEqual({})
    expect(world.state.tasks[task]).toMatchObject({ status: 'Failed', error: 'Mac Studio: out of memory' })
    expect(world.metaInstance(id)).toMatchObject({
      consecutiveFailures: 1,
      lastFailureError: 'Mac Studio: out of memory',
    })
  })
})

describe('InstanceDeleted', () => {
  it('cancels live tasks and counts nothing without a failure', () => {
    const { world, id } = readyWorld()
    const task = addTask(world, id, 't1')
    world.apply({ type: 'InstanceDeleted', instanceId: world.instance(id).instanceId })
    expect(world.state.tasks[task]?.status).toBe('Cancelled')
    expect(world.metaInstance(id)).toMatchObject({ consecutiveFailures: 0, replacements: 0 })
    expect(world.metaInstance(id).lastFailureError).toBeUndefined()
  })

  it('counts a replacement and sets the next attempt only when the runners failed', () => {
    const { world, id } = readyWorld()
    world.apply({
      type: 'InstanceDeleted',
      instanceId: world.instance(id).instanceId,
      failureError: 'x',
      cause: 'connection',
    })
    expect(world.metaInstance(id)).toMatchObject({ consecutiveFailures: 1, replacements: 0, lastFailureError: 'x' })
    expect(world.metaInstance(id).nextAttemptAt).toBeUndefined()
    world.reconcile()
    world.apply({
      type: 'InstanceDeleted',
      instanceId: world.instance(id).instanceId,
      failureError: 'y',
      cause: 'runners',
    })
    expect(world.metaInstance(id)).toMatchObject({ replacements: 1, nextAttemptAt: world.now, lastFailureError: 'y' })
  })

  it('leaves tasks that had ended as they were', () => {
    const { world, id } = readyWorld()
    const task = addTask(world, id, 't1')
    world.apply({ type: 'TaskStatusUpdated', taskId: task, status: 'Complete' })
    world.apply({
      type: 'InstanceDeleted',
      instanceId: world.instance(id).instanceId,
      failureError: 'x',
      cause: 'node',
    })
    expect(world.state.tasks[task]?.status).toBe('Complete')
  })
})

describe('InstanceCreated', () => {
  it('clears the placement error and the counter but keeps why it was re-created', () => {
    const { world, id } = readyWorld()
    world.apply({
      type: 'InstanceDeleted',
      instanceId: world.instance(id).instanceId,
      failureError: 'x',
      cause: 'runners',
    })
    world.apply({ type: 'MetaInstancePlacementFailed', metaInstanceId: id, reason: 'no room', code: 'memory' })
    world.reconcile()
    const declaration = world.metaInstance(id)
    expect(declaration).toMatchObject({ consecutiveFailures: 0, lastFailureError: 'x', replacements: 1 })
    expect(declaration.placementError).toBeUndefined()
    expect(declaration.nextAttemptAt).toBeUndefined()
  })
})

describe('MetaInstanceUpdated', () => {
  it('counts a generation, clears counters and errors, and null clears a field', () => {
    const { world, id } = readyWorld()
    world.apply({ type: 'MetaInstanceUpdated', metaInstanceId: id, changes: { name: 'talk', maxContext: 1024 } })
    expect(world.metaInstance(id)).toMatchObject({ generation: 1, name: 'talk', maxContext: 1024 })
    world.apply({ type: 'MetaInstanceUpdated', metaInstanceId: id, changes: { name: null } })
    expect(world.metaInstance(id)).toMatchObject({ generation: 2, maxContext: 1024 })
    expect('name' in world.metaInstance(id)).toBe(false)
  })
})

describe('runners', () => {
  it('stay terminal once they are', () => {
    const { world, id } = readyWorld()
    world.fail(id).report(id, { status: 'Ready' })
    expect(Object.values(world.state.runners).map(({ status }) => status)).toEqual(['Failed'])
  })

  it('keep the time since when they are in a status', () => {
    const { world, id } = readyWorld()
    const began = world.now
    world.wait(500).report(id, { status: 'Ready' })
    expect(Object.values(world.state.runners).map(({ since }) => since)).toEqual([began])
  })

  it('are removed with their node', () => {
    const { world, id } = readyWorld()
    const [shard] = world.instance(id).shards
    if (!shard) throw new Error('no shard')
    world.apply({ type: 'NodeLeaving', nodeId: shard.nodeId, reason: 'sleep' })
    expect(world.state.runners).toEqual({})
    expect(world.state.members[shard.nodeId]?.friendlyName).toBe('Mac Studio')
  })
})

describe('tasks', () => {
  it('end only once', () => {
    const { world, id } = readyWorld()
    const task = addTask(world, id, 't1')
    world.apply(
      { type: 'TaskStatusUpdated', taskId: task, status: 'Cancelled' },
      { type: 'TaskFailed', taskId: task, error: 'late' },
    )
    expect(world.state.tasks[task]).toMatchObject({ status: 'Cancelled', endedAt: world.now })
  })

  it(`are kept up to ${MAX_ENDED_TASKS} after their end; the oldest are dropped first`, () => {
    const { world, id } = readyWorld()
    const live = addTask(world, id, 'live')
    for (let n = 0; n < MAX_ENDED_TASKS + 3; n += 1) {
      world.apply({ type: 'TaskStatusUpdated', taskId: addTask(world, id, `t${n}`), status: 'Complete' })
    }
    expect(Object.keys(world.state.tasks)).toHaveLength(MAX_ENDED_TASKS + 1)
    expect(world.state.tasks[live]?.status).toBe('Pending')
    expect(world.state.tasks['t2']).toBeUndefined()
    expect(world.state.tasks['t3']).toBeDefined()
  })
})

describe('placing after replacements', () => {
  it('is not delayed at first, then by 1, 2, 4 … at most 60 s', () => {
    expect([1, 2, 3, 4, 5, 6, 7, 8, 9, 1000].map((n) => placingDelayMs(n) / 1000)).toEqual([
      0, 1, 2, 4, 8, 16, 32, 60, 60, 60,
    ])
  })
})

describe('the state', () => {
  it('is the same after a round trip through JSON', () => {
    const { world, id } = readyWorld()
    addTask(world, id, 't1')
    expect(State.parse(JSON.parse(JSON.stringify(world.state)))).toEqual(world.state)
  })

  it('keeps declarations, instances, members and settings when observations are dropped', () => {
    const { world, id } = readyWorld()
    const kept = durablePart(world.state)
    expect(kept.metaInstances).toEqual(world.state.metaInstances)
    expect(kept.instances[world.instance(id).instanceId]?.readySince).toBeUndefined()
    expect(kept.members).toEqual(world.state.members)
    expect([kept.nodes, kept.runners, kept.tasks, kept.topology.edges]).toEqual([{}, {}, {}, {}])
  })
})

describe('a folding', () => {
  const reports = (world: World, id: MetaInstanceId): Event[] => {
    const [shard] = world.instance(id).shards
    const [node] = Object.values(world.state.nodes)
    if (!shard || !node) throw new Error('the world is empty')
    const { nodeId, ...info } = node
    return [
      { type: 'RunnerStatusUpdated', runnerId: shard.runnerId, status: 'Running' },
      { type: 'NodeGatheredInfo', nodeId, info: { ...info, memory: { ...info.memory, ramAvailable: 1 } } },
      { type: 'RunnerStatusUpdated', runnerId: shard.runnerId, status: 'Ready' },
      { type: 'RunnerDeleted', runnerId: shard.runnerId },
    ]
  }

  it('leaves every state that it handed out unchanged, and agrees with folding events one by one', () => {
    const { world, id } = readyWorld()
    const folding = new Folding(world.state)
    const handedOut: { state: State; copy: State }[] = []
    let oneByOne = world.state
    for (const event of reports(world, id)) {
      const envelope = next(oneByOne, event, world.now)
      oneByOne = fold(oneByOne, envelope)
      const { state } = folding.fold(envelope)
      expect(state).toEqual(oneByOne)
      handedOut.push({ state, copy: structuredClone(state) })
    }
    for (const { state, copy } of handedOut) expect(state).toEqual(copy)
  })

  it('copies a family once, however many events change it, and no unchanged family', () => {
    const { world, id } = readyWorld()
    const folding = new Folding(world.state)
    const [running, , ready] = reports(world, id)
    if (!running || !ready) throw new Error('there is nothing to report')
    const seen = new Set<object>()
    for (const event of [running, ready, running, ready]) {
      folding.fold(folding.read((state) => next(state, event, world.now)))
      seen.add(folding.read((state) => state.runners))
    }
    expect(seen.size).toBe(1)
    expect(seen.has(world.state.runners)).toBe(false)
    expect(folding.state.nodes).toBe(world.state.nodes)
    expect(folding.state.metaInstances).toBe(world.state.metaInstances)
    expect(folding.state).toBe(folding.state)
  })

  it('never goes back to an earlier term', () => {
    const folding = new Folding(readyWorld().world.state)
    expect(folding.enter(7).enter(5).state.term).toBe(7)
  })
})
