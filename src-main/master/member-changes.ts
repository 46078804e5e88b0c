import type { NodeId } from '@core/ids'
import type { State } from '@core/state/state'
import type { Timers } from '@core/time/timers'
import type { Membership } from './membership'
import { OwnRemoval } from './own-removal'
import type { Replication } from './replication/replication'

export interface MemberChangesParts {
  readonly membership: Membership
  readonly replication: () => Pick<Replication, 'leadership' | 'step' | 'isOnAnotherDisk'>
  readonly state: () => State
  readonly timers: Timers
  readonly isClosed: () => boolean
  /** This node was removed, and may leave the cluster. */
  readonly onRemoved: () => void
}

/** Keeps the consensus up to date about the members, and detects the removal of this node. */
export class MemberChanges {
  private readonly ownRemoval: OwnRemoval

  constructor(private readonly parts: MemberChangesParts) {
    const { membership, replication, timers, isClosed, onRemoved } = parts
    this.ownRemoval = new OwnRemoval({
      timers,
      isRemovedLeader: () => !isClosed() && replication().leadership.kind === 'self' && membership.isRemoved,
      isOnAnotherDisk: () => replication().isOnAnotherDisk,
      onRemoved,
    })
  }

  /** Call it when the members in the state may have changed. */
  update(): void {
    const { membership, onRemoved } = this.parts
    const replication = this.parts.replication()
    const { leadership } = replication
    const state = this.parts.state()
    const isRemoved = membership.update(state, {
      // A leader keeps the voucher for another one until the two are in contact.
      isLeaders: leadership.kind === 'other' && leadership.term === state.term,
      follows: leadership.kind === 'other' && leadership.listensOnly !== true ? leadership.master : undefined,
    })
    replication.step({ kind: 'members', members: membership.all })
    if (isRemoved && replication.leadership.kind === 'other') onRemoved()
    this.ownRemoval.check()
  }

  /** A member vouches for a leader that this node does not know as a member. */
  vouched(leader: NodeId): void {
    const { membership } = this.parts
    membership.vouch(leader)
    this.parts.replication().step({ kind: 'members', members: membership.all })
  }
}
