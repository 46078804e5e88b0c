import type { Event } from '../events/event'
import type { NodeId, Timestamp } from '../ids'
import type { NodeInfo } from '../state/nodes'
import type { State } from '../state/state'
import { edgeKey, type Edge } from '../state/topology'
import { Links } from './links'
import type { StepOf } from './scenario'

/** A peer is probed once a second, and has lost its edges when three probes in a row were not answered. */
export const UNREACHABLE_AFTER_MS = 3000

interface Machine {
  readonly nodeId: NodeId
  readonly info: NodeInfo
  /** Since when nothing is heard of it. */
  readonly silentSince: Timestamp | undefined
}

const infoOf = ({ ramTotal, ramAvailable, memoryBandwidth }: StepOf<'addNode'>): NodeInfo => ({
  version: 'simulated',
  protocol: 1,
  chip: 'simulated',
  memory: { ramTotal, ramAvailable, heldByRunners: 0 },
  ...(memoryBandwidth !== undefined && { memoryBandwidth }),
  os: { platform: 'simulated', release: '0', name: 'simulated' },
  worker: true,
})

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

/** The machines and cables as they are. What they report follows from how the state differs from that. */
export class Machines {
  readonly links = new Links()
  private readonly machines = new Map<NodeId, Machine>()
  private readonly lastHeard = new Map<NodeId, Timestamp>()

  constructor(private readonly now: () => Timestamp) {}

  add(step: StepOf<'addNode'>): void {
    this.machines.set(step.node, { nodeId: step.node, info: infoOf(step), silentSince: undefined })
  }

  /** Leaves in order: gives what it says with its last word. */
  remove(nodeId: NodeId): Event[] {
    const machine = this.machines.get(nodeId)
    this.machines.delete(nodeId)
    return machine && machine.silentSince === undefined ? [{ type: 'NodeLeaving', nodeId, reason: 'quit' }] : []
  }

  silence(nodeId: NodeId): void {
    this.amend(nodeId, ({ silentSince, ...machine }) => ({ ...machine, silentSince: silentSince ?? this.now() }))
  }

  resume(nodeId: NodeId): void {
    this.amend(nodeId, (machine) => ({ ...machine, silentSince: undefined }))
  }

  setMemory(nodeId: NodeId, ramAvailable: number): void {
    this.amend(nodeId, ({ info, ...machine }) => ({
      ...machine,
      info: { ...info, memory: { ...info.memory, ramAvailable } },
    }))
  }

  /** Whether it runs, heard or not. */
  isThere(nodeId: NodeId): boolean {
    return this.machines.has(nodeId)
  }

  /** Whether its reports arrive. */
  speaks(nodeId: NodeId): boolean {
    const machine = this.machines.get(nodeId)
    return machine !== undefined && machine.silentSince === undefined
  }

  /** When each was last heard; those that speak are heard all the time. */
  heard(): Record<string, Timestamp> {
    for (const nodeId of this.machines.keys()) if (this.speaks(nodeId)) this.lastHeard.set(nodeId, this.now())
    return Object.fromEntries(this.lastHeard)
  }

  /** Nothing has been heard yet by the master that starts now. */
  forget(): void {
    this.lastHeard.clear()
  }

  /** What the machines see otherwise than the state has it. */
  reports(state: State): Event[] {
    return [...this.factReports(state), ...this.edgeReports(state)]
  }

  private factReports(state: State): Event[] {
    const events: Event[] = []
    for (const { nodeId, info } of this.machines.values()) {
      if (!this.speaks(nodeId) || !(nodeId in state.members)) continue
      const known = state.nodes[nodeId]
      if (!known || !same(known, { ...info, nodeId })) events.push({ type: 'NodeGatheredInfo', nodeId, info })
    }
    return events
  }

  private edgeReports(state: State): Event[] {
    const known = state.topology.edges
    const made = this.links
      .all()
      .filter((edge) => this.isSeen(edge) && edge.from in state.nodes && edge.to in state.nodes)
      .filter((edge) => !same(known[edgeKey(edge)], edge))
      .map((edge): Event => ({ type: 'TopologyEdgeCreated', edge }))
    const lost = Object.values(known)
      .filter((edge) => this.speaks(edge.from) && !this.isSeen(edge))
      .map((edge): Event => ({ type: 'TopologyEdgeDeleted', edge }))
    return [...lost, ...made]
  }

  /** Whether its `from` has reached its `to`, lately. */
  private isSeen(edge: Edge): boolean {
    if (!this.links.has(edge) || !this.speaks(edge.from)) return false
    const to = this.machines.get(edge.to)
    return to !== undefined && (to.silentSince === undefined || this.now() < to.silentSince + UNREACHABLE_AFTER_MS)
  }

  private amend(nodeId: NodeId, change: (machine: Machine) => Machine): void {
    const machine = this.machines.get(nodeId)
    if (machine) this.machines.set(nodeId, change(machine))
  }
}
