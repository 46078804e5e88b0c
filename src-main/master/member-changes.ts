import type { NodeId } from '@core/ids'
import type { State } from '@core/state/state'
import type { Timers } from '@core/time/timers'
import type { Membership } from './membership'
import { OwnRemoval } from './own-removal'
import type { Replication } from './replication'

export interface MemberChangesParts {
  readonly membership: Membership
  readonly replication: () => Pick<Replication, 'leads' | 'take' | 'isOnAnotherDisk'>
  readonly state: () => State
  readonly timers: Timers
  readonly isOver: () => boolean
  /** This node was removed, and may begin anew. */
  readonly onRemoved: () => void
}

/** Tells the consensus who is a member, as the state changes, and notices that this node was removed. */
export class MemberChanges {
  private readonly ownRemoval: OwnRemoval

  constructor(private readonly parts: MemberChangesParts) {
    const { membership, replication, timers, isOver, onRemoved } = parts
    this.ownRemoval = new OwnRemoval({
      timers,
      isRemovedLeader: () => !isOver() && replication().leads.kind === 'self' && membership.isRemoved,
      isOnAnotherDisk: () => replication().isOnAnotherDisk,
      onRemoved,
    })
  }

  /** The state may name other members than before. */
  look(): void {
    const { membership, onRemoved } = this.parts
    const replication = this.parts.replication()
    const { leads } = replication
    const state = this.parts.state()
    const isRemoved = membership.look(state, {
      // As leader it keeps another one that members vouch for until the two have met.
      isLeaders: leads.kind === 'other' && leads.term === state.term,
      follows: leads.kind === 'other' && leads.listensOnly !== true ? leads.master : undefined,
    })
    replication.take({ kind: 'members', members: membership.all })
    if (isRemoved && replication.leads.kind === 'other') onRemoved()
    this.ownRemoval.look()
  }

  /** A member follows a leader that this node does not know. */
  vouched(leader: NodeId): void {
    const { membership } = this.parts
    membership.vouch(leader)
    this.parts.replication().take({ kind: 'members', members: membership.all })
  }
}
