import type { NodeId, RunnerId } from '@core/ids'
import { rdmaJoin } from '@core/plan/rdma-join'
import { ringHosts } from '@core/plan/ring-hosts'
import type { RunnerCommand } from '@core/protocols/runner'
import type { Instance } from '@core/state/instances'
import { isRehearsal } from '@core/state/rehearsal'
import type { State } from '@core/state/state'
import { reservePort, type ReservedPort } from './reserved-port'

/** The rendezvous of an instance's ranks, as sent to one of them. */
export type Meeting = Pick<Extract<RunnerCommand, { type: 'load' }>, 'ring' | 'jaccl'>

export interface Meeter {
  readonly instance: Instance
  readonly runnerId: RunnerId
}

/** This node's runners that wait for the addresses of the other ranks. */
export class Meetings {
  private readonly ports = new Map<RunnerId, ReservedPort>()
  private readonly waiting = new Map<
    RunnerId,
    { readonly instance: Instance; readonly meet: (meeting: Meeting) => void }
  >()

  constructor(private readonly nodeId: NodeId) {}

  /** The port reserved for this runner's ring. */
  portOf(runnerId: RunnerId): number | undefined {
    return this.ports.get(runnerId)?.port
  }

  /** Reserves a port if the ranks form a ring. */
  async prepare({ instance, runnerId }: Meeter): Promise<void> {
    if (instance.ring || isRehearsal(instance)) this.ports.set(runnerId, await reservePort())
  }

  /** Resolves when all ranks' addresses are known. The reserved port is then released for the runner to listen on. */
  async meet({ instance, runnerId }: Meeter): Promise<Meeting> {
    const meeting = await new Promise<Meeting>((meet) => this.waiting.set(runnerId, { instance, meet }))
    await this.ports.get(runnerId)?.release()
    return meeting
  }

  /** The state has changed: resolves the rendezvous that have become complete. */
  look(state: State): void {
    for (const [runnerId, { instance, meet }] of this.waiting) {
      const meeting = meetingOf(state, instance, this.nodeId)
      if (meeting && this.waiting.delete(runnerId)) meet(meeting)
    }
  }

  /** The runner is gone. */
  forget(runnerId: RunnerId): void {
    this.waiting.delete(runnerId)
    void this.ports.get(runnerId)?.release()
    this.ports.delete(runnerId)
  }
}

/** The rendezvous of this node's rank; undefined until all ranks' addresses are known. */
const meetingOf = (state: State, instance: Instance, nodeId: NodeId): Meeting | undefined => {
  if (instance.jaccl) return rdmaJoin(state, instance, nodeId)
  const hosts = ringHosts(state, instance, nodeId)
  return hosts && { ring: { hosts } }
}
