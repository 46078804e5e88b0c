import type { Event, Observation } from '../events/event'
import type { InstanceId, RunnerId } from '../ids'
import type { State } from '../state/state'
import { isServing } from '../state/runners'

/** What one rank gives to a round. */
export interface Part {
  readonly sequence: number
  readonly data: string
}

/** A rank is at most one round ahead of another, which may ask for the one before once more. */
const KEPT_PARTS = 2

interface Gathering {
  readonly runnerIds: readonly RunnerId[]
  /** The latest parts of each rank, the last one last. */
  readonly parts: Map<RunnerId, readonly Part[]>
  /** Rounds that were told. */
  readonly told: Set<number>
}

/**
 * Puts the rounds of all RDMA groups that are being made together. It belongs to one term of one master: the next
 * begins with nothing, and every rank says its last two parts again.
 *
 * A round is told once, when the last rank of the instance's current attempt has given its part. A rank that gives
 * its part to a told round again, and nothing to a later one, has not heard of it: the round is told once more.
 */
export class Gather {
  private readonly gatherings = new Map<InstanceId, Gathering>()

  /** What the master has to say after this event, which the state has already. Most events need no look at it. */
  take(state: () => State, event: Event): Observation[] {
    switch (event.type) {
      case 'JacclSideChannelData':
        return this.add(state(), event)
      case 'InstanceDeleted':
      case 'InstanceRetrying':
        this.gatherings.delete(event.instanceId)
        return []
      case 'RunnerStatusUpdated':
        for (const instanceId of this.gatherings.keys()) this.forgetMade(state(), instanceId)
        return []
      default:
        return []
    }
  }

  /** How many groups are being made. */
  get size(): number {
    return this.gatherings.size
  }

  private add(
    state: State,
    { instanceId, runnerId, ...part }: Extract<Observation, { type: 'JacclSideChannelData' }>,
  ): Observation[] {
    const runnerIds = state.instances[instanceId]?.shards.map((shard) => shard.runnerId) ?? []
    // Of a deleted instance, or of an attempt that is over.
    if (!runnerIds.includes(runnerId)) return []
    const { parts, told } = this.gathering(instanceId, runnerIds)
    parts.set(runnerId, withPart(parts.get(runnerId) ?? [], part))
    const { sequence } = part
    const round = runnerIds.map((rank) => parts.get(rank)?.find((known) => known.sequence === sequence)?.data)
    if (!round.every((data) => data !== undefined)) return []
    // Whoever has gone on asks for nothing; he only helps a new master.
    if (told.has(sequence) && parts.get(runnerId)?.at(-1)?.sequence !== sequence) return []
    told.add(sequence)
    for (const old of told) if (old <= sequence - KEPT_PARTS) told.delete(old)
    const gathered = Object.fromEntries(runnerIds.map((rank, at) => [rank, round[at] ?? '']))
    return [{ type: 'JacclSideChannelGathered', instanceId, sequence, gathered }]
  }

  /** What was gathered in the instance's current attempt. */
  private gathering(instanceId: InstanceId, runnerIds: readonly RunnerId[]): Gathering {
    const known = this.gatherings.get(instanceId)
    if (known?.runnerIds.every((runnerId, rank) => runnerId === runnerIds[rank])) return known
    const fresh: Gathering = { runnerIds, parts: new Map(), told: new Set() }
    this.gatherings.set(instanceId, fresh)
    return fresh
  }

  /** A group that works asks for no more rounds. */
  private forgetMade(state: State, instanceId: InstanceId): void {
    const isMade = state.instances[instanceId]?.shards.every(({ runnerId }) => {
      const runner = state.runners[runnerId]
      return runner !== undefined && isServing(runner)
    })
    if (isMade !== false) this.gatherings.delete(instanceId)
  }
}

/** The first word counts: a part that is said again is the same one. */
const withPart = (known: readonly Part[], part: Part): readonly Part[] =>
  known.some(({ sequence }) => sequence === part.sequence)
    ? known
    : [...known, { sequence: part.sequence, data: part.data }]
        .sort((a, b) => a.sequence - b.sequence)
        .slice(-KEPT_PARTS)
