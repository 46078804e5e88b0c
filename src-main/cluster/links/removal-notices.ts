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
  /** When this machine was admitted. */
  readonly admittedAt: () => Timestamp
}

/**
 * Decides whether this machine was removed, from the 410 answers of members that it dials. An answer counts if the
 * removal is later than this machine's last admission: otherwise that member is out of date. It then counts even if
 * other members are linked, because they may have been removed too. Older versions send no removal time; their answers
 * count only while no member is linked.
 */
export class RemovalNotices {
  private readonly counts = new Map<NodeId, number>()

  constructor(private readonly options: RemovalNoticesOptions) {}

  /** Handles the outcome of a failed call. Returns whether this machine was removed. */
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

/** When a machine was admitted, by the leader's clock, as removals are. */
export const admissionIn = ({ members, stamps = {} }: Admitting, nodeId: NodeId): Timestamp | undefined =>
  stamps[stampKey('member', nodeId)]?.created.at ?? members[nodeId]?.admittedAt

/** This machine, as `admittedAt` sees it. */
export interface Admitted {
  readonly self: NodeId
  readonly state: Admitting
  readonly memberIds: readonly NodeId[]
  /** When the member that admitted it said it did, by the leader's clock. */
  readonly reportedAdmission: Timestamp | undefined
}

/**
 * When this machine was admitted, to compare with removals. From its own log; while the log does not have the admission
 * yet, as the admitting member reported it (`reportedAdmission`), or Infinity if it did not report it, as older versions do not,
 * so that no removal counts as later. -Infinity if the state lists it as removed, or if it has no other members: then
 * any removal counts.
 */
export const admittedAt = ({ self, state, memberIds, reportedAdmission = Infinity }: Admitted): Timestamp => {
  const { retired = {} } = state
  return admissionIn(state, self) ?? (memberIds.length > 1 && !(self in retired) ? reportedAdmission : -Infinity)
}
