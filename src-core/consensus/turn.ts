import type { NodeId } from '../ids'
import type { Monotonic } from '../time/clocks'
import { EPOCHS_SENT, withLatestEpochs, type LogEnd } from './log-end'
import type { Message } from './message'
import type { Effect, Peer, Replica, Role } from './replica'

/** One step of a replica: the state after an input, and the effects for the shell. */
export class Turn {
  readonly effects: Effect[] = []
  /** The members as changed by this step: copied at the first change, so that the previous replica stays unchanged. */
  private changedPeers: Map<NodeId, Peer> | undefined

  constructor(
    public replica: Replica,
    readonly now: Monotonic,
  ) {}

  change(changes: Partial<Replica>): void {
    this.replica = { ...this.replica, ...changes }
  }

  become(role: Role): void {
    this.change({ role })
  }

  peer(nodeId: NodeId, changes: Partial<Peer>): void {
    const { peers } = this.replica
    const known = peers.get(nodeId)
    if (!known) return
    if (peers !== this.changedPeers) this.change({ peers: (this.changedPeers = new Map(peers)) })
    this.changedPeers?.set(nodeId, { ...known, ...changes })
  }

  send(to: NodeId, message: Message): void {
    if (this.replica.peers.get(to)?.connected) this.effects.push({ kind: 'send', to, message })
  }

  /** Shortens a log for a message to a member; members of older versions need every epoch. */
  summaryFor(to: NodeId, log: LogEnd, epochs = EPOCHS_SENT): LogEnd {
    return this.replica.peers.get(to)?.knowsTails === false ? log : withLatestEpochs(log, epochs)
  }
}
