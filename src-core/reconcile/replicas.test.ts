import { describe, expect, it } from 'vitest'
import { routeOf } from '../generation/route'
import { NodeId, TaskId, type MetaInstanceId } from '../ids'
import { instancesOf } from '../state/bindings'
import type { Instance } from '../state/instances'
import type { MetaInstanceChanges } from '../state/meta-instances'
import { countedReplicas } from '../state/replicas'
import type { RunnerStatus } from '../state/runners'
import { statusOf } from '../state/status'
import { GB, SMALL, smallCard, World } from '../testing/world'
import { departures } from './departure'

/** Machines that are not connected: each can hold one model. */
class Farm extends World {
  readonly id: MetaInstanceId

  constructor(machines: number, replicas: number, more: Parameters<World['declare']>[1] = {}) {
    super()
    for (let count = 1; count <= machines; count += 1) this.addNode(`mini-${count}`, { free: 6 * GB, total: 8 * GB })
    this.id = this.declare('chat', { replicas, ...more })
    this.settle()
  }

  /** Passes until nothing is left to decide; what is placed becomes ready. */
  settle(): this {
    for (let passes = 0; passes < 20; passes += 1) {
      const { events } = this.reconcile()
      if (events.length === 0) return this
      for (const one of this.instances) if (one.readySince === undefined) this.say(one, { status: 'Ready' })
    }
    throw new Error('not at rest after 20 passes')
  }

  say({ shards }: Instance, status: RunnerStatus): void {
    for (const { runnerId } of shards) this.apply({ type: 'RunnerStatusUpdated', runnerId, ...status })
  }

  change(changes: MetaInstanceChanges): this {
    this.command({ type: 'UpdateMetaInstance', metaInstanceId: this.id, changes })
    return this
  }

  get instances(): readonly Instance[] {
    return instancesOf(this.state, this.id)
  }

  get machines(): string[] {
    return this.instances.flatMap(({ shards }) => shards.map(({ nodeId }) => nodeId)).sort()
  }

  get detail(): string {
    return statusOf(this.state, this.metaInstance(this.id)).detail
  }

  work(instance: Instance | undefined): TaskId {
    const taskId = TaskId.parse('t')
    if (instance === undefined) throw new Error('it has an instance')
    const { instanceId } = instance
    const task = { taskId, instanceId, kind: 'generation', status: 'Running', createdAt: this.now } as const
    this.apply({ type: 'TaskCreated', task })
    return taskId
  }
}

describe('a declaration with replicas', () => {
  it('has that many instances, each on its own machines', () => {
    const farm = new Farm(4, 3)
    expect(farm.instances).toHaveLength(3)
    expect(new Set(farm.machines).size).toBe(3)
    expect(farm.detail).toContain('3 of 3 ready')
    expect(farm.reconcile().events).toEqual([])
  })

  it('serves with fewer if there is no room for all, and says why once', () => {
    const farm = new Farm(2, 3)
    expect(farm.instances).toHaveLength(2)
    expect(farm.status(farm.id)).toBe('READY')
    expect(farm.detail).toMatch(
      /2 of 3 ready .*2 taken by another replica \(mini-1, mini-2\); each replica needs machines/,
    )
    farm.addNode('mini-3', { free: 6 * GB, total: 8 * GB })
    farm.settle()
    expect(farm.machines).toEqual(['mini-1', 'mini-2', 'mini-3'])
    expect(farm.metaInstance(farm.id).placementError).toBeUndefined()
  })

  it('replaces a lost one alone, while the others serve', () => {
    const farm = new Farm(4, 3)
    const before = farm.instances.map(({ instanceId }) => instanceId)
    const gone = NodeId.parse(farm.machines[0] ?? '')
    farm.apply({ type: 'NodeLeaving', nodeId: gone, reason: 'sleep' })
    farm.reconcile()
    expect(farm.status(farm.id)).toBe('READY')
    expect(farm.detail).toContain('2 of 3 ready')
    farm.settle()
    expect(farm.instances).toHaveLength(3)
    expect(farm.machines).not.toContain(gone)
    expect(farm.instances.filter(({ instanceId }) => before.includes(instanceId))).toHaveLength(2)
  })

  it('does not reset the failures of one because another serves', () => {
    const farm = new Farm(2, 2)
    const [sick] = farm.instances
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      farm.wait(120_000)
      const one = farm.instances.find(({ instanceId }) => instanceId === sick?.instanceId)
      if (one) farm.say(one, { status: 'Failed', errorMessage: 'out of memory' })
      farm.reconcile()
      expect(farm.metaInstance(farm.id).consecutiveFailures).toBe(attempt)
    }
    expect(farm.status(farm.id)).toBe('READY')
  })

  it('is placed among the machines that it names', () => {
    const farm = new Farm(4, 2, { nodeIds: ['mini-2', 'mini-4'].map((id) => NodeId.parse(id)) })
    expect(farm.machines).toEqual(['mini-2', 'mini-4'])
  })

  it('moves off a machine that is drained', () => {
    const farm = new Farm(4, 3)
    const nodeId = NodeId.parse(farm.machines[1] ?? '')
    farm.command({ type: 'DrainMember', nodeId, drained: true })
    farm.settle()
    expect(farm.machines).toHaveLength(3)
    expect(farm.machines).not.toContain(nodeId)
  })

  it('keeps its replicas if a machine should be drained and there is no other one', () => {
    const farm = new Farm(2, 2)
    const cards = { [SMALL]: { status: 'loaded', card: smallCard } } as const
    const told = departures(farm.state, NodeId.parse('mini-1'), cards)
    expect(told).toMatchObject([{ fate: 'stops', others: 1 }])
    farm.addNode('mini-3', { free: 6 * GB, total: 8 * GB })
    expect(departures(farm.state, NodeId.parse('mini-1'), cards)).toMatchObject([
      { fate: 'moves', nodeIds: ['mini-3'], others: 1 },
    ])
  })
})

describe('another number of replicas', () => {
  it('that is larger keeps those that serve', () => {
    const farm = new Farm(3, 1)
    const [first] = farm.instances
    farm.change({ replicas: 3 }).settle()
    expect(farm.instances).toHaveLength(3)
    expect(farm.instances[0]?.instanceId).toBe(first?.instanceId)
  })

  it('that is smaller ends the newest after its running requests, and gives it no new ones', () => {
    const farm = new Farm(3, 3)
    const newest = farm.instances.at(-1)
    const taskId = farm.work(newest)
    farm.change({ replicas: 1 }).settle()
    expect(farm.instances.map(({ instanceId }) => instanceId)).toEqual([
      farm.instances[0]?.instanceId,
      newest?.instanceId,
    ])
    expect(routeOf(farm.state, SMALL)).toMatchObject({ instance: { instanceId: farm.instances[0]?.instanceId } })
    farm.apply({ type: 'TaskStatusUpdated', taskId, status: 'Complete' })
    farm.settle()
    expect(farm.instances).toHaveLength(1)
  })

  it('that is smaller ends replicas that do not serve first', () => {
    const farm = new Farm(2, 2)
    const [loading, serving] = farm.instances
    if (loading) farm.say(loading, { status: 'Loading', layersLoaded: 1, layers: 32 })
    farm.change({ replicas: 1 }).settle()
    expect(farm.instances.map(({ instanceId }) => instanceId)).toEqual([serving?.instanceId])
  })

  it('defaults to one', () => {
    const farm = new Farm(2, 2).change({ replicas: 1 })
    expect(farm.metaInstance(farm.id).replicas).toBeUndefined()
  })
})

describe('a change of a declaration with replicas', () => {
  it('is applied to one after the other, and at least all but one serve meanwhile', () => {
    const farm = new Farm(3, 3)
    farm.change({ maxContext: 4096 })
    for (let passes = 0; passes < 30; passes += 1) {
      const { events } = farm.reconcile()
      const ready = countedReplicas(farm.instances).filter(({ readySince }) => readySince !== undefined)
      expect(ready.length).toBeGreaterThanOrEqual(2)
      if (events.length === 0) break
      for (const one of farm.instances) if (one.readySince === undefined) farm.say(one, { status: 'Ready' })
    }
    expect(farm.instances.map(({ maxContext }) => maxContext)).toEqual([4096, 4096, 4096])
  })

  it('that cannot be loaded stops at the first one', () => {
    const farm = new Farm(3, 3)
    farm.change({ maxContext: 4096 })
    for (let passes = 0; passes < 10; passes += 1) farm.wait(1000).reconcile()
    expect(farm.instances.filter(({ maxContext }) => maxContext === undefined)).toHaveLength(2)
  })
})
