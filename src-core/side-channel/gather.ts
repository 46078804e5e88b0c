import type { Event, Observation } from '../events/event'
import type { InstanceId, RunnerId } from '../ids'
import type { State } from '../state/state'
import { isServing } from '../state/runners'

/** One rank's contribution to a round. */
export interface Part {
  readonly sequence: number
  readonly data: string
}

/** A rank is at most one round ahead of another, which may still need the previous round. */
const KEPT_PARTS = 2

interface Collected {
  readonly runnerIds: readonly RunnerId[]
  /** The latest parts of each rank, in ascending order of their sequence. */
  readonly parts: Map<RunnerId, readonly Part[]>
  /** Sequences of the rounds that were published. */
  readonly published: Set<number>
}

/**
 * Collects all-gather parts for every RDMA group under construction. Belongs to one term of one master: the next master
 * starts empty, and every rank resends its last two parts.
 *
 * A round is published once, when the last rank of the instance's current attempt has contributed. A rank that resends
 * its part of a published round, and nothing later, has missed the result: the round is published again.
 */
export class Gatherer {
  private readonly gatherings = new Map<InstanceId, Collected>()

  /** Returns the master's observations after an event that is already folded into the state. Most events need none. */
  take(state: () => State, event: Event): Observation[] {
    switch (event.type) {
      case 'JacclSideChannelData':
        return this.add(state(), event)
      case 'InstanceDeleted':
      case 'InstanceRetrying':
        this.gatherings.delete(event.instanceId)
        return []
      case 'RunnerStatusUpdated':
        for (const instanceId of this.gatherings.keys()) this.dropFormed(state(), instanceId)
        return []
      default:
        return []
    }
  }

  /** Number of groups under construction. */
  get size(): number {
    return this.gatherings.size
  }

  private add(
    state: State,
    { instanceId, runnerId, ...part }: Extract<Observation, { type: 'JacclSideChannelData' }>,
  ): Observation[] {
    const runnerIds = state.instances[instanceId]?.shards.map((shard) => shard.runnerId) ?? []
    // Drop parts of a deleted instance or of an earlier attempt.
    if (!runnerIds.includes(runnerId)) return []
    const { parts, published } = this.gathering(instanceId, runnerIds)
    parts.set(runnerId, withPart(parts.get(runnerId) ?? [], part))
    const { sequence } = part
    const round = runnerIds.map((rank) => parts.get(rank)?.find((known) => known.sequence === sequence)?.data)
    if (!round.every((data) => data !== undefined)) return []
    // A rank that has already contributed to a later round needs no answer; it resends for a new master.
    if (published.has(sequence) && parts.get(runnerId)?.at(-1)?.sequence !== sequence) return []
    published.add(sequence)
    for (const old of published) if (old <= sequence - KEPT_PARTS) published.delete(old)
    const gathered = Object.fromEntries(runnerIds.map((rank, at) => [rank, round[at] ?? '']))
    return [{ type: 'JacclSideChannelGathered', instanceId, sequence, gathered }]
  }

  /** Returns what was collected for the instance's current attempt; starts empty for a new attempt. */
  private gathering(instanceId: InstanceId, runnerIds: readonly RunnerId[]): Collected {
    const known = this.gatherings.get(instanceId)
    if (known?.runnerIds.every((runnerId, rank) => runnerId === runnerIds[rank])) return known
    const fresh: Collected = { runnerIds, parts: new Map(), published: new Set() }
    this.gatherings.set(instanceId, fresh)
    return fresh
  }

  /** Drops a group's rounds once all its ranks are connected; it starts no more rounds. */
  private dropFormed(state: State, instanceId: InstanceId): void {
    const isFormed = state.instances[instanceId]?.shards.every(({ runnerId }) => {
      const runner = state.runners[runnerId]
      return runner !== undefined && isServing(runner)
    })
    if (isFormed !== false) this.gatherings.delete(instanceId)
  }
}

/** The first part of a sequence wins; a resent part is identical. */
const withPart = (known: readonly Part[], part: Part): readonly Part[] =>
  known.some(({ sequence }) => sequence === part.sequence)
    ? known
    : [...known, { sequence: part.sequence, data: part.data }]
        .sort((a, b) => a.sequence - b.sequence)
        .slice(-KEPT_PARTS)
