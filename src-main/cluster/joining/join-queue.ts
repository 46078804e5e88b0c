import type { NodeId } from '@core/ids'
import { sourceOf } from '../links/connection-limiter'

/** Join requests from unknown machines that may wait at a time. */
export const MOST_STRANGERS = 8
/** Of those, requests from one IPv4 address or one IPv6 /64. */
export const MOST_FROM_ONE = 4

/** A waiting join request. */
export interface WaitingRequest {
  readonly nodeId: NodeId
  readonly remoteAddress: string
  /** Whether the machine was a member, or has an invitation. */
  readonly isKnown: () => boolean
  /** Called when the request is dropped in favour of a later one. */
  readonly giveWay: () => void
}

/**
 * Join requests that are waiting.
 *
 * 1. A machine waits once: a new request replaces its earlier one.
 * 2. Requests of unknown machines are limited in total and per address. Beyond a limit the oldest request of the
 *    address with the most is dropped, so no machine can fill the queue, and early ones cannot keep out later ones.
 * 3. Requests of known machines are never dropped and do not count.
 */
export class JoinQueue {
  /** Oldest first. */
  private readonly waiting = new Set<WaitingRequest>()

  /** Adds a request; returns the function that removes it. */
  enter(one: WaitingRequest): () => void {
    const before = [...this.waiting].find(({ nodeId }) => nodeId === one.nodeId)
    if (before) this.drop(before)
    this.waiting.add(one)
    const strangers = [...this.waiting].filter(({ isKnown }) => !isKnown())
    const bySource = new Map<string, WaitingRequest[]>()
    for (const stranger of strangers) {
      const source = sourceOf(stranger.remoteAddress)
      bySource.set(source, [...(bySource.get(source) ?? []), stranger])
    }
    const [most = []] = [...bySource.values()].sort((a, b) => b.length - a.length)
    const [longest] = most
    if (longest && (strangers.length > MOST_STRANGERS || most.length > MOST_FROM_ONE)) this.drop(longest)
    return () => void this.waiting.delete(one)
  }

  private drop(one: WaitingRequest): void {
    this.waiting.delete(one)
    one.giveWay()
  }
}
