import type { Envelope } from '../../events/event'
import type { MetaInstanceId } from '../../ids'
import { replicasOf, countedReplicas } from '../../state/replicas'
import { instancesOf, isReady } from '../../state/bindings'
import { connectionsOf } from '../../state/connections'
import type { Instance } from '../../state/instances'
import { isServing, isTerminal } from '../../state/runners'
import type { State } from '../../state/state'
import { edgeKey, LINK_LOST_TWICE_MS } from '../../state/topology'
import type { Simulation } from '../simulation'

/** Rarely taken paths through the core. A run that never took one has not tested it. */
export const rarePaths = [
  'retry, the last one allowed',
  'given up at the limit of retries',
  'placed after a wait',
  'placed away from the machine that failed',
  'recovered',
  'others had their grace and went on',
  'shut down without a failure',
  'instance lost its node to silence',
  'instance lost a connection',
  'bound to another address',
  'link lost twice',
  'instance survived a master crash',
  'replacement took over',
  'replacement failed first',
  'old one went first for want of memory',
  'instance that nothing keeps gave way',
  'temporary declaration ended by idling',
  'idle temporary declaration gave way',
  'temporary declaration gave way in the midst of an answer',
  'pinned declaration gave way',
  'temporary declaration gave way to another',
  'deleted while its card was loading',
  'further replica placed',
  'replica came back while others served',
  'replica went because fewer are wanted',
  'one of several replicas replaced',
  'hours began',
  'hours moved it to other machines',
  'loaded by a request outside its hours',
  'card did not answer',
  'card came after a failure',
  'task ended by a retry',
  'task cancelled with its declaration',
  'command refused',
] as const
export type RarePath = (typeof rarePaths)[number]

export type PathCounts = Record<RarePath, number>

const noPaths = (): PathCounts => Object.fromEntries(rarePaths.map((path) => [path, 0])) as PathCounts

const nodesOf = ({ shards }: Instance): string => shards.map(({ nodeId }) => nodeId).join()
const waysOf = (instance: Instance): string =>
  connectionsOf(instance)
    .map(({ key }) => key)
    .sort()
    .join()

/** Counts from the events how often each rare path was taken. */
export class PathCounter {
  readonly counts = noPaths()
  private readonly survivors = new Set<string>()
  /** Declarations that lost one of their replicas to a failure. */
  private readonly lostOne = new Set<MetaInstanceId>()
  private readonly cutOff = new Map<MetaInstanceId, Instance>()
  /** Index of the last cancelled task, and of the last temporary declaration that was evicted. */
  private cancelled = 0
  private evictedAt = 0

  constructor(private readonly simulation: () => Simulation) {}

  refused(): void {
    this.counts['command refused'] += 1
  }

  crashed(state: State): void {
    for (const instanceId of Object.keys(state.instances)) this.survivors.add(instanceId)
  }

  event({ event, at, index }: Envelope, before: State): void {
    const { counts } = this
    switch (event.type) {
      case 'InstanceRetrying': {
        const failures = before.metaInstances[event.metaInstanceId]?.consecutiveFailures ?? 0
        if (failures + 1 === before.settings.maxRetries) counts['retry, the last one allowed'] += 1
        this.ended(before, event.instanceId)
        if (this.hasLiveTask(before, event.instanceId)) counts['task ended by a retry'] += 1
        return
      }
      case 'InstanceDeleted':
        return this.deleted(event, before)
      case 'InstanceCreated':
        return this.created(event.instance, before)
      case 'MetaInstanceRecovered':
        counts['recovered'] += 1
        return
      case 'MetaInstanceScheduled': {
        const { metaInstanceId, schedule } = event
        const known = before.metaInstances[metaInstanceId]
        const instances = instancesOf(before, metaInstanceId)
        if (schedule.woken) counts['loaded by a request outside its hours'] += 1
        if (schedule.on && known?.schedule?.on === false) counts['hours began'] += 1
        const elsewhere = schedule.nodeIds?.join() !== known?.schedule?.nodeIds?.join()
        if (schedule.on && elsewhere && instances.length > 0) counts['hours moved it to other machines'] += 1
        return
      }
      case 'MetaInstanceDeleted': {
        const modelId = before.metaInstances[event.metaInstanceId]?.modelId
        if (modelId !== undefined && this.simulation().cards.shelf.isLoading(modelId))
          counts['deleted while its card was loading'] += 1
        this.gaveWay(event, before)
        return
      }
      case 'MetaInstancePlacementFailed':
        if (event.reason.endsWith('no answer in 10 s')) counts['card did not answer'] += 1
        return
      case 'TopologyEdgeDeleted': {
        const key = edgeKey(event.edge)
        const last = key in before.topology.edges ? before.topology.lost?.[key]?.lostAt.at(-1) : undefined
        if (last !== undefined && at - last <= LINK_LOST_TWICE_MS) counts['link lost twice'] += 1
        return
      }
      case 'RunnerStatusUpdated': {
        const instanceId =
          before.runners[event.runnerId] === undefined && isServing(event)
            ? this.owner(before, event.runnerId)
            : undefined
        if (instanceId !== undefined && this.survivors.delete(instanceId))
          counts['instance survived a master crash'] += 1
        return
      }
      case 'TaskStatusUpdated':
        if (event.status === 'Cancelled') this.cancelled = index
        if (event.status === 'Cancelled') counts['task cancelled with its declaration'] += 1
        return
      default:
    }
  }

  private gaveWay(
    { metaInstanceId, cause }: Extract<Envelope['event'], { type: 'MetaInstanceDeleted' }>,
    before: State,
  ) {
    const { counts, cancelled } = this
    if (cause === 'idle') counts['temporary declaration ended by idling'] += 1
    if (cause !== 'memory') return
    if (before.metaInstances[metaInstanceId]?.pinned) counts['pinned declaration gave way'] += 1
    counts[
      cancelled === before.lastEventIndex - 1
        ? 'temporary declaration gave way in the midst of an answer'
        : 'idle temporary declaration gave way'
    ] += 1
    this.evictedAt = before.lastEventIndex + 1
  }

  private owner(state: State, runnerId: string): string | undefined {
    return Object.values(state.instances).find(({ shards }) => shards.some((shard) => shard.runnerId === runnerId))
      ?.instanceId
  }

  private hasLiveTask(state: State, instanceId: string): boolean {
    return Object.values(state.tasks).some((task) => task.instanceId === instanceId && task.endedAt === undefined)
  }

  /** Counts an instance that was given up for failed runners, if some of its runners still ran. */
  private ended(before: State, instanceId: string): void {
    const shards = before.instances[instanceId]?.shards ?? []
    const going = shards.some(({ runnerId }) => {
      const runner = before.runners[runnerId]
      return runner !== undefined && !isTerminal(runner)
    })
    if (going) this.counts['others had their grace and went on'] += 1
  }

  private deleted(event: Extract<Envelope['event'], { type: 'InstanceDeleted' }>, before: State): void {
    const { counts } = this
    const instance = before.instances[event.instanceId]
    if (!instance) return
    const { metaInstanceId } = instance
    const declaration = metaInstanceId === undefined ? undefined : before.metaInstances[metaInstanceId]
    if (event.cause !== undefined && metaInstanceId !== undefined) this.lostOne.add(metaInstanceId)
    switch (event.cause) {
      case 'runners': {
        this.ended(before, event.instanceId)
        const replaced = instance.replaces !== undefined && instance.replaces in before.instances
        if (replaced) counts['replacement failed first'] += 1
        else if (declaration?.consecutiveFailures === before.settings.maxRetries)
          counts['given up at the limit of retries'] += 1
        return
      }
      case 'node':
        counts['instance lost its node to silence'] += 1
        return
      case 'connection':
        counts['instance lost a connection'] += 1
        if (metaInstanceId !== undefined) this.cutOff.set(metaInstanceId, instance)
        return
      case undefined: {
        const replacement = Object.values(before.instances).some(({ replaces }) => replaces === event.instanceId)
        const runners = instance.shards.map(({ runnerId }) => before.runners[runnerId])
        const others = metaInstanceId === undefined ? [] : countedReplicas(instancesOf(before, metaInstanceId))
        if (replacement) counts['replacement took over'] += 1
        if (replacement && others.length > 1) counts['one of several replicas replaced'] += 1
        if (replacement) return
        if (declaration && others.length > replicasOf(declaration)) {
          counts['replica went because fewer are wanted'] += 1
          return
        }
        if (runners.some((runner) => runner?.status === 'Shutdown')) counts['shut down without a failure'] += 1
        else if (metaInstanceId === undefined) counts['instance that nothing keeps gave way'] += 1
        else if (declaration && !declaration.paused && declaration.generation !== instance.generation)
          counts['old one went first for want of memory'] += 1
        return
      }
    }
  }

  private created(instance: Instance, before: State): void {
    const { counts } = this
    const { metaInstanceId } = instance
    if (metaInstanceId === undefined) return
    const {
      failedNodeIds,
      replacements = 0,
      nextAttemptAt,
      placementError,
    } = before.metaInstances[metaInstanceId] ?? {}
    if (replacements > 1 && nextAttemptAt !== undefined) counts['placed after a wait'] += 1
    if (failedNodeIds?.some((nodeId) => nodeId in before.nodes && !nodesOf(instance).split(',').includes(nodeId)))
      counts['placed away from the machine that failed'] += 1
    if (placementError?.code === 'model_card') counts['card came after a failure'] += 1
    if (before.metaInstances[metaInstanceId]?.onRequest && this.evictedAt === before.lastEventIndex)
      counts['temporary declaration gave way to another'] += 1
    const others = instance.replaces === undefined ? instancesOf(before, metaInstanceId) : []
    if (others.length > 0) counts['further replica placed'] += 1
    if (this.lostOne.delete(metaInstanceId) && others.some((one) => isReady(before, one)))
      counts['replica came back while others served'] += 1
    const lost = this.cutOff.get(metaInstanceId)
    this.cutOff.delete(metaInstanceId)
    if (lost && nodesOf(lost) === nodesOf(instance) && waysOf(lost) !== waysOf(instance))
      counts['bound to another address'] += 1
  }
}
