import type { Envelope } from '@core/events/event'
import type { CommandId, NodeId, Timestamp } from '@core/ids'
import { stampKey } from '@core/state/stamp'
import type { State } from '@core/state/state'
import { insist } from '@core/simulation/chaos/invariants'

/** An admission or a removal. */
interface Change {
  readonly isMember: boolean
  /** Its stamp in the state: later than the change that it follows, whatever the clocks say. */
  readonly at: Timestamp
  readonly by: NodeId
  readonly commandId: CommandId
}

/**
 * Invariant: membership is that of the newest acknowledged change, or of a newer one that was decided but not
 * acknowledged. A readmitted machine stays a member, and a removed one stays out.
 */
export class AcknowledgedMembers {
  private readonly changes = new Map<NodeId, Change[]>()
  private readonly acknowledgedIds = new Set<CommandId>()

  /** A leader has decided this event. Events of a merge are skipped: they were decided elsewhere. */
  decided({ event, commandId }: Envelope, after: State, by: NodeId): void {
    if (event.type !== 'MemberAdmitted' && event.type !== 'MemberRemoved') return
    if (commandId === undefined || ('origin' in event && event.origin)) return
    const { nodeId } = event
    const isMember = event.type === 'MemberAdmitted'
    const at = isMember ? after.stamps?.[stampKey('member', nodeId)]?.created.at : after.retired?.[nodeId]
    if (at === undefined) return
    this.changes.set(nodeId, [...(this.changes.get(nodeId) ?? []), { isMember, at, by, commandId }])
  }

  acknowledged(commandId: CommandId): void {
    this.acknowledgedIds.add(commandId)
  }

  /** That node was removed from the cluster: its own acknowledgements are void. */
  forget(node: NodeId): void {
    for (const changes of this.changes.values())
      for (const { by, commandId } of changes) if (by === node) this.acknowledgedIds.delete(commandId)
  }

  /** A node learns that it is no longer a member: there must be a removal newer than its last admission. */
  removed(node: NodeId): void {
    const changes = this.changes.get(node) ?? []
    const admission = this.newestAcknowledged(changes)
    if (admission?.isMember !== true) return
    insist(
      changes.some(({ isMember, at }) => !isMember && at >= admission.at),
      () => `${node} was let in again, and hears of a removal before that`,
    )
  }

  rest({ members }: State): void {
    for (const [node, changes] of this.changes) {
      const newest = this.newestAcknowledged(changes)
      if (!newest || changes.some(({ isMember, at }) => isMember !== newest.isMember && at >= newest.at)) continue
      insist(
        node in members === newest.isMember,
        () => `${node} was ${newest.isMember ? 'let in, and is no member' : 'removed, and is a member again'}`,
      )
    }
  }

  private newestAcknowledged(changes: readonly Change[]): Change | undefined {
    const acknowledged = changes.filter(({ commandId }) => this.acknowledgedIds.has(commandId))
    return acknowledged.reduce<Change | undefined>(
      (best, change) => (best && best.at > change.at ? best : change),
      undefined,
    )
  }
}
