import type { NodeId, RunnerId } from '@core/ids'
import { rdmaJoin, ringHosts } from '@core/plan/index'
import type { RunnerCommand } from '@core/protocols/runner'
import type { Instance } from '@core/state/instances'
import { isRehearsal } from '@core/state/rehearsal'
import type { State } from '@core/state/state'
import { reservePort, type ReservedPort } from './reserved-port'

/** The rendezvous of an instance's ranks, as sent to one of them. */
export type Rendezvous = Pick<Extract<RunnerCommand, { type: 'load' }>, 'ring' | 'jaccl'>

export interface WaitingRank {
  readonly instance: Instance
  readonly runnerId: RunnerId
}

/** This node's runners that wait for the addresses of the other ranks. */
export class RankRendezvous {
  /** Runners from `prepare` to `forget`: one may be stopped while its port is being reserved. */
  private readonly known = new Set<RunnerId>()
  private readonly ports = new Map<RunnerId, ReservedPort>()
  private readonly waiting = new Map<
    RunnerId,
    { readonly instance: Instance; readonly resolve: (found: Rendezvous) => void }
  >()

  constructor(private readonly nodeId: NodeId) {}

  /** The port reserved for this runner's ring. */
  portOf(runnerId: RunnerId): number | undefined {
    return this.ports.get(runnerId)?.port
  }

  /** Reserves a port if the ranks form a ring. */
  async prepare({ instance, runnerId }: WaitingRank): Promise<void> {
    this.known.add(runnerId)
    if (!instance.ring && !isRehearsal(instance)) return
    const port = await reservePort()
    if (this.known.has(runnerId)) this.ports.set(runnerId, port)
    else await port.release()
  }

  /**
   * Resolves when all ranks' addresses are known; never for a runner that is forgotten. The reserved port is then
   * released for the runner to listen on.
   */
  async await({ instance, runnerId }: WaitingRank): Promise<Rendezvous> {
    const found = await new Promise<Rendezvous>((resolve) => {
      if (this.known.has(runnerId)) this.waiting.set(runnerId, { instance, resolve })
    })
    await this.ports.get(runnerId)?.release()
    return found
  }

  /** The state has changed: resolves the rendezvous that have become complete. */
  stateChanged(state: State): void {
    for (const [runnerId, { instance, resolve }] of this.waiting) {
      const found = rendezvousOf(state, instance, this.nodeId)
      if (found && this.waiting.delete(runnerId)) resolve(found)
    }
  }

  /** Forgets a runner that is gone, and releases its port. */
  forget(runnerId: RunnerId): void {
    this.known.delete(runnerId)
    this.waiting.delete(runnerId)
    void this.ports.get(runnerId)?.release()
    this.ports.delete(runnerId)
  }
}

/** The rendezvous of this node's rank; undefined until all ranks' addresses are known. */
const rendezvousOf = (state: State, instance: Instance, nodeId: NodeId): Rendezvous | undefined => {
  if (instance.jaccl) return rdmaJoin(state, instance, nodeId)
  const hosts = ringHosts(state, instance, nodeId)
  return hosts && { ring: { hosts } }
}
