import type { NodeId, Timestamp } from '@core/ids'
import { stampKey } from '@core/state/stamp'
import type { State } from '@core/state/state'

/** Notices needed in a row from one member, with no other member linked. */
const NOTICES_NEEDED = 3

export interface RemovalNotice {
  /** When that member's cluster removed this machine; older versions do not say so. */
  readonly removedAt?: Timestamp | undefined
}

export interface RemovalNoticesOptions {
  /** Whether any member is linked. */
  readonly isLinked: () => boolean
  /** When this machine was let in, as its log has it; always, while its admission is not in its log yet. */
  readonly admittedAt: () => Timestamp
}

/**
 * Decides whether this machine was removed, from what members answer when it dials them. One member may be out of date:
 * it counts only while no other one is linked, and not where this machine was let in again after that removal.
 */
export class RemovalNotices {
  private readonly counts = new Map<NodeId, number>()

  constructor(private readonly options: RemovalNoticesOptions) {}

  /** Handles a failed call. Returns whether this machine is to believe that it was removed. */
  hear(peer: NodeId, notice: RemovalNotice | undefined): boolean {
    const { isLinked, admittedAt } = this.options
    if (!notice || isLinked() || (notice.removedAt ?? Infinity) < admittedAt()) {
      this.counts.delete(peer)
      return false
    }
    const count = (this.counts.get(peer) ?? 0) + 1
    this.counts.set(peer, count)
    if (count < NOTICES_NEEDED) return false
    this.clear()
    return true
  }

  clear(): void {
    this.counts.clear()
  }
}

/** When a machine was let in, by its own state; one that was let in among others and has no log yet, only just now. */
export const admittedAt = (
  self: NodeId,
  { members, stamps = {}, retired = {} }: Pick<State, 'members' | 'stamps' | 'retired'>,
  memberIds: readonly NodeId[],
): Timestamp => {
  const known = members[self]
  if (known) return stamps[stampKey('member', self)]?.created.at ?? known.admittedAt
  return memberIds.length > 1 && !(self in retired) ? Infinity : -Infinity
}
