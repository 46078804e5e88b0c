import type { NodeId, Timestamp } from '../ids'
import { EPOCHS_TOLD, withLatestEpochs, type LogEnd } from './log-end'
import type { Message } from './message'
import type { Effect, Peer, Replica, Role } from './replica'

/** One look of a replica at what came in: what it is afterwards, and what the shell has to do. */
export class Turn {
  readonly effects: Effect[] = []

  constructor(
    public replica: Replica,
    readonly now: Timestamp,
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
    if (known) this.change({ peers: new Map(peers).set(nodeId, { ...known, ...changes }) })
  }

  send(to: NodeId, message: Message): void {
    if (this.replica.peers.get(to)?.connected) this.effects.push({ kind: 'send', to, message })
  }

  /** A log as it is told to a member: one of an older version has to hear of every epoch. */
  told(to: NodeId, log: LogEnd, epochs = EPOCHS_TOLD): LogEnd {
    return this.replica.peers.get(to)?.knowsTails === false ? log : withLatestEpochs(log, epochs)
  }
}
