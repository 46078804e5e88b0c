import type { NodeId } from '@core/ids'
import { sourceOf } from '../links/turnstile'

/** Strangers that may wait at a time. */
export const MOST_STRANGERS = 8
/** Of those from one address, or from one network of IPv6. */
export const MOST_FROM_ONE = 4

/** Somebody at the door. */
export interface AtTheDoor {
  readonly nodeId: NodeId
  readonly remoteAddress: string
  /** A person of this cluster has had to do with it: it was a member, or has an invitation. */
  readonly isKnown: () => boolean
  /** It is told that others came after it, and goes. */
  readonly giveWay: () => void
}

/**
 * Who waits to be let in.
 *
 * 1. A machine waits once: asking again takes the place of having asked before.
 * 2. So many strangers wait at most, and fewer from one address. Beyond that the one gives way that has waited longest
 *    of the address with most of them, so nobody fills the door, and nobody is kept out by who came first.
 * 3. Who is known gives way to nobody, and takes no stranger's place.
 */
export class DoorQueue {
  /** In the order of their coming. */
  private readonly waiting = new Set<AtTheDoor>()

  /** Gives back how it leaves. */
  enter(one: AtTheDoor): () => void {
    const before = [...this.waiting].find(({ nodeId }) => nodeId === one.nodeId)
    if (before) this.sendAway(before)
    this.waiting.add(one)
    const strangers = [...this.waiting].filter(({ isKnown }) => !isKnown())
    const bySource = new Map<string, AtTheDoor[]>()
    for (const stranger of strangers) {
      const source = sourceOf(stranger.remoteAddress)
      bySource.set(source, [...(bySource.get(source) ?? []), stranger])
    }
    const [most = []] = [...bySource.values()].sort((a, b) => b.length - a.length)
    const [longest] = most
    if (longest && (strangers.length > MOST_STRANGERS || most.length > MOST_FROM_ONE)) this.sendAway(longest)
    return () => void this.waiting.delete(one)
  }

  private sendAway(one: AtTheDoor): void {
    this.waiting.delete(one)
    one.giveWay()
  }
}
