import type { Envelope } from '@core/events/event'
import type { CommandId, NodeId, Timestamp } from '@core/ids'
import { stampKey } from '@core/state/stamp'
import type { State } from '@core/state/state'
import { insist } from '@core/simulation/chaos/invariants'

/** A machine was let in, or removed. */
interface Change {
  readonly isMember: boolean
  /** As the state has it: later than the change that it follows, however the clocks are set. */
  readonly at: Timestamp
  readonly by: NodeId
  readonly commandId: CommandId
}

/**
 * Who is a member, as people declared it: of the changes that were acknowledged the newest holds, or a newer one that
 * was decided and not acknowledged. A machine that was let in again stays in, and one that was removed stays out.
 */
export class AcknowledgedMembers {
  private readonly changes = new Map<NodeId, Change[]>()
  private readonly safe = new Set<CommandId>()

  /** A node that leads has decided this. What a merge brings was decided elsewhere. */
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
    this.safe.add(commandId)
  }

  /** That node was removed from the cluster: what only it had decided is void, and what others had of it holds. */
  forget(node: NodeId): void {
    for (const changes of this.changes.values())
      for (const { by, commandId } of changes) if (by === node) this.safe.delete(commandId)
  }

  /** A node hears that it is no member any more. */
  removed(node: NodeId): void {
    const changes = this.changes.get(node) ?? []
    const wasLetIn = this.newestSafe(changes)
    if (wasLetIn?.isMember !== true) return
    insist(
      changes.some(({ isMember, at }) => !isMember && at >= wasLetIn.at),
      () => `${node} was let in again, and hears of a removal before that`,
    )
  }

  rest({ members }: State): void {
    for (const [node, changes] of this.changes) {
      const newest = this.newestSafe(changes)
      if (!newest || changes.some(({ isMember, at }) => isMember !== newest.isMember && at >= newest.at)) continue
      insist(
        node in members === newest.isMember,
        () => `${node} was ${newest.isMember ? 'let in, and is no member' : 'removed, and is a member again'}`,
      )
    }
  }

  private newestSafe(changes: readonly Change[]): Change | undefined {
    const safe = changes.filter(({ commandId }) => this.safe.has(commandId))
    return safe.reduce<Change | undefined>((best, change) => (best && best.at > change.at ? best : change), undefined)
  }
}
