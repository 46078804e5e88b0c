import type { Event, Observation } from '../events/event'
import type { InstanceId, NodeId, RunnerId, Timestamp } from '../ids'
import { nodeName } from '../state/bindings'
import type { Shard } from '../state/instances'
import type { State } from '../state/state'
import type { Part } from './gather'

/** Interval at which a rank resends its part of an unfinished round. */
export const RESEND_MS = 500

/** Time limit of a round; after it the ranks fail. */
export const ROUND_LIMIT_MS = 60_000

/** Result of a round: every rank's part in rank order, or why it failed. */
export type Outcome =
  | { readonly kind: 'gathered'; readonly parts: readonly string[] }
  | { readonly kind: 'failed'; readonly reason: string }

interface Pending extends Part {
  readonly askedAt: Timestamp
}

export interface RoundsOptions {
  readonly instanceId: InstanceId
  readonly runnerId: RunnerId
}

/**
 * One rank's side of the all-gather rounds, used by its supervisor. Numbers the rounds and resends this rank's part
 * until every rank has the result: after a change of master the other ranks may need the part again even if this one
 * has finished. Pure: time is passed in, and messages are returned rather than sent.
 */
export class Rounds {
  private pending: Pending | undefined
  private previous: Part | undefined
  private count = 0
  private sentAt: Timestamp = -Infinity
  /** Highest sequence seen from each rank. */
  private readonly lastSequence = new Map<RunnerId, number>()

  constructor(private readonly options: RoundsOptions) {}

  /** Whether the runner is waiting for a round. */
  get isWaiting(): boolean {
    return this.pending !== undefined
  }

  /** Starts the runner's next round with its part. Returns what to send. */
  ask(data: string, now: Timestamp): Observation[] {
    this.pending = { sequence: this.count++, data, askedAt: now }
    this.sentAt = now
    return [this.observation(this.pending)]
  }

  /** Resends after a change of master or a replaced state, when earlier messages may be lost. Returns what to send. */
  resend(now: Timestamp): Observation[] {
    const { pending, previous } = this
    this.sentAt = now
    return [previous, pending].flatMap((part) => (part ? [this.observation(part)] : []))
  }

  /** Called as time passes. Returns what to resend, or the failure if the round has timed out. */
  tick(state: State, now: Timestamp): { readonly send: Observation[]; readonly outcome?: Outcome } {
    const { pending } = this
    if (pending && now - pending.askedAt >= ROUND_LIMIT_MS)
      return { send: [], outcome: this.failed(overdue(state, this.shards(state), this.missing(state))) }
    if (now - this.sentAt < RESEND_MS) return { send: [] }
    if (!pending && !this.isNeeded(state)) this.previous = undefined
    return { send: this.resend(now) }
  }

  /** Processes an event. Returns the outcome if it ends the current round. */
  take(state: State, event: Event): Outcome | undefined {
    if (event.type === 'JacclSideChannelData' && event.instanceId === this.options.instanceId) {
      this.lastSequence.set(event.runnerId, Math.max(event.sequence, this.lastSequence.get(event.runnerId) ?? -1))
      return undefined
    }
    if (event.type !== 'JacclSideChannelGathered' || event.instanceId !== this.options.instanceId) return undefined
    const { pending } = this
    // A repeat for another rank, or of an earlier attempt.
    if (pending?.sequence !== event.sequence) return undefined
    const shards = this.shards(state)
    const parts = shards.flatMap(({ runnerId }) => event.gathered[runnerId] ?? [])
    if (shards.length === 0 || parts.length !== shards.length) return undefined
    if (event.gathered[this.options.runnerId] !== pending.data) return undefined
    const sizes = parts.map(bytesOf)
    if (sizes.some((size) => size !== sizes[0])) return this.failed(uneven(state, shards, sizes))
    this.previous = { sequence: pending.sequence, data: pending.data }
    this.pending = undefined
    return { kind: 'gathered', parts }
  }

  /** Whether another rank may still be waiting for the last round that this one finished. */
  private isNeeded(state: State): boolean {
    return this.shards(state).some(({ runnerId }) => {
      const status = state.runners[runnerId]?.status
      return runnerId !== this.options.runnerId && (status === undefined || status === 'Connecting')
    })
  }

  private failed(reason: string): Outcome {
    this.pending = undefined
    this.previous = undefined
    return { kind: 'failed', reason }
  }

  private observation({ sequence, data }: Part): Observation {
    const { instanceId, runnerId } = this.options
    return { type: 'JacclSideChannelData', instanceId, runnerId, sequence, data }
  }

  private shards(state: State): readonly Shard[] {
    const shards = state.instances[this.options.instanceId]?.shards ?? []
    return shards.some(({ runnerId }) => runnerId === this.options.runnerId) ? shards : []
  }

  /** The machines whose part of the current round has not been seen. */
  private missing(state: State): NodeId[] {
    const { pending, options, lastSequence } = this
    return this.shards(state).flatMap(({ nodeId, runnerId }) =>
      runnerId === options.runnerId || (lastSequence.get(runnerId) ?? -1) >= (pending?.sequence ?? 0) ? [] : [nodeId],
    )
  }
}

const LIMIT = `${ROUND_LIMIT_MS / 1000} s`

const overdue = (state: State, shards: readonly Shard[], missing: readonly NodeId[]): string => {
  const names = missing.map((nodeId) => nodeName(state, nodeId)).join(', ')
  if (names !== '') return `no answer from ${names} for ${LIMIT} while the machines were joined by RDMA`
  const who = state.masterNodeId === undefined ? 'the master' : nodeName(state, state.masterNodeId)
  return `all ${shards.length} machines answered while they were joined by RDMA, but ${who} published no result for ${LIMIT}`
}

const uneven = (state: State, shards: readonly Shard[], sizes: readonly number[]): string => {
  const each = shards.map(({ nodeId }, rank) => `${nodeName(state, nodeId)} ${sizes[rank] ?? 0} bytes`).join(', ')
  return `the machines do not agree how they are joined by RDMA: ${each} in one round; do all run the same MLX?`
}

/** Returns the number of bytes that a base64 text decodes to. */
const bytesOf = (text: string): number => (text.length / 4) * 3 - (text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0)
