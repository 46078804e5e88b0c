import type { NodeId, RunnerId } from '@core/ids'
import { rdmaJoin } from '@core/plan/rdma-join'
import { ringHosts } from '@core/plan/ring-hosts'
import type { RunnerCommand } from '@core/protocols/runner'
import type { Instance } from '@core/state/instances'
import { isRehearsal } from '@core/state/rehearsal'
import type { State } from '@core/state/state'
import { reservePort, type ReservedPort } from './reserved-port'

/** Where and how the ranks of an instance meet, as one of them is told. */
export type Meeting = Pick<Extract<RunnerCommand, { type: 'load' }>, 'ring' | 'jaccl'>

export interface Meeter {
  readonly instance: Instance
  readonly runnerId: RunnerId
}

/** Runners of this node that wait until the ranks of other nodes can be met. */
export class Meetings {
  private readonly ports = new Map<RunnerId, ReservedPort>()
  private readonly waiting = new Map<
    RunnerId,
    { readonly instance: Instance; readonly meet: (meeting: Meeting) => void }
  >()

  constructor(private readonly nodeId: NodeId) {}

  /** Where this runner listens for a ring. */
  portOf(runnerId: RunnerId): number | undefined {
    return this.ports.get(runnerId)?.port
  }

  /** Reserves a port, where the ranks meet in a ring. */
  async prepare({ instance, runnerId }: Meeter): Promise<void> {
    if (instance.ring || isRehearsal(instance)) this.ports.set(runnerId, await reservePort())
  }

  /** Resolves when all ranks can be met, with how; the runner then listens at its port itself. */
  async meet({ instance, runnerId }: Meeter): Promise<Meeting> {
    const meeting = await new Promise<Meeting>((meet) => this.waiting.set(runnerId, { instance, meet }))
    await this.ports.get(runnerId)?.release()
    return meeting
  }

  /** The state has changed. */
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

/** Where and how this node's rank of an instance meets the others; undefined until they are all known. */
const meetingOf = (state: State, instance: Instance, nodeId: NodeId): Meeting | undefined => {
  if (instance.jaccl) return rdmaJoin(state, instance, nodeId)
  const hosts = ringHosts(state, instance, nodeId)
  return hosts && { ring: { hosts } }
}
