import type { NodeId, Timestamp } from '@core/ids'
import { stampKey } from '@core/state/stamp'
import type { State } from '@core/state/state'

/** Notices needed in a row from one member. */
const NOTICES_NEEDED = 3

export interface RemovalNotice {
  /** When that member's cluster removed this machine; older versions do not say so. */
  readonly removedAt?: Timestamp | undefined
}

export interface RemovalNoticesOptions {
  /** Whether any member is linked. */
  readonly isLinked: () => boolean
  /** When this machine was let in. */
  readonly admittedAt: () => Timestamp
}

/**
 * Decides whether this machine was removed, from what members answer when it dials them. One member may be out of date:
 * it does not count where this machine was let in again after that removal. Where it is an older version that does not
 * say when, it counts only while no other member is linked. A removal that is later than the admission counts whoever is
 * linked: others who do not know of it may have been removed as well.
 */
export class RemovalNotices {
  private readonly counts = new Map<NodeId, number>()

  constructor(private readonly options: RemovalNoticesOptions) {}

  /** Handles a failed call. Returns whether this machine is to believe that it was removed. */
  hear(peer: NodeId, notice: RemovalNotice | undefined): boolean {
    const { isLinked, admittedAt } = this.options
    const isOutOfDate = notice?.removedAt === undefined ? isLinked() : notice.removedAt < admittedAt()
    if (!notice || isOutOfDate) {
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

type Admitting = Pick<State, 'members' | 'stamps' | 'retired'>

/** When a machine was let in, by the clock that removals are stamped with. */
export const admissionIn = ({ members, stamps = {} }: Admitting, nodeId: NodeId): Timestamp | undefined =>
  stamps[stampKey('member', nodeId)]?.created.at ?? members[nodeId]?.admittedAt

/** This machine, for `admittedAt`. */
export interface Admitted {
  readonly self: NodeId
  readonly state: Admitting
  readonly memberIds: readonly NodeId[]
  /** What the member that let it in said. */
  readonly toldAt: Timestamp | undefined
}

/**
 * When a machine was let in: by its own log, or as it was told while its log does not have it yet. It may have been
 * removed since, or its admission be older than a removal that the member did not know of: then the cluster has no
 * place for it. Where it was not told, as by an older version, no removal counts as later.
 */
export const admittedAt = ({ self, state, memberIds, toldAt = Infinity }: Admitted): Timestamp => {
  const { retired = {} } = state
  return admissionIn(state, self) ?? (memberIds.length > 1 && !(self in retired) ? toldAt : -Infinity)
}
