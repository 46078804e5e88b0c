import type { Event } from '../events/event'
import type { ModelId, NodeId, Timestamp } from '../ids'
import type { NodeInfo } from '../state/nodes'
import type { State } from '../state/state'
import type { CableChange, SimulatedCables } from './cables'
import type { VirtualClock } from '../time/virtual-clock'
import { infoOf, withFreeMemory } from './machine-info'
import { fileReports } from './model-files'
import type { StepOf } from './scenario'

/** A peer that answers no probe for this long loses its edges: three probes, one per second. */
const PROBES_LOST_MS = 3000
/** After a restart of the master: time until a node reaches it, and then until its probes are answered. */
export const RECONNECT_MS = 200
const PROBED_MS = 300

interface SimulatedNode {
  info: NodeInfo
  /** Fingerprints of the models that it has. */
  readonly files: Map<ModelId, string>
  /** Whether it runs; false once it has left. */
  present: boolean
  silent: boolean
  silentSince?: Timestamp | undefined
  /** Whether it has a link to the master. */
  connected: boolean
  /** Counts silences and departures: scheduled work of an earlier count is dropped. */
  epoch: number
  firstHeard?: Timestamp | undefined
  lastHeard?: Timestamp | undefined
}

export interface NetworkOptions {
  readonly clock: VirtualClock
  readonly cables: SimulatedCables
  readonly state: () => State
  readonly observe: (...events: Event[]) => void
  /** Called when a node is heard again and should send its other reports. */
  readonly onHeard: (nodeId: NodeId) => void
}

/**
 * Simulated machines and their connections. Reports are level-triggered and contain only what a reachable node can see.
 */
export class SimulatedNetwork {
  private readonly nodes = new Map<NodeId, SimulatedNode>()

  constructor(private readonly options: NetworkOptions) {
    options.cables.onChange((key, how) => this.reportLink(key, how))
  }

  /** Whether reports of this node reach the master. */
  isHeard(nodeId: NodeId): boolean {
    const node = this.nodes.get(nodeId)
    return node !== undefined && node.present && !node.silent && node.connected
  }

  /** When each node was last heard in this term. */
  heard(): Record<string, Timestamp> {
    const now = this.options.clock.now()
    const heard: Record<string, Timestamp> = {}
    for (const [nodeId, { lastHeard }] of this.nodes) {
      if (this.isHeard(nodeId)) heard[nodeId] = now
      else if (lastHeard !== undefined) heard[nodeId] = lastHeard
    }
    return heard
  }

  firstHeard(): Record<string, Timestamp> {
    const heard: Record<string, Timestamp> = {}
    for (const [nodeId, { firstHeard }] of this.nodes) if (firstHeard !== undefined) heard[nodeId] = firstHeard
    return heard
  }

  addNode(step: StepOf<'addNode'>): void {
    const nodeId = step.node
    const info = infoOf(step)
    const known = this.nodes.get(nodeId)
    if (known)
      Object.assign(known, { info, present: true, silent: false, silentSince: undefined, epoch: known.epoch + 1 })
    else this.nodes.set(nodeId, { info, present: true, silent: false, connected: false, epoch: 0, files: new Map() })
    this.connect(nodeId)
  }

  setMemory(nodeId: NodeId, ramAvailable: number): void {
    const node = this.nodes.get(nodeId)
    if (!node) return
    node.info = withFreeMemory(node.info, ramAvailable)
    this.reportInfo(nodeId)
  }

  /** Sets the files that the machine has of a model; null: none. */
  setFiles(nodeId: NodeId, modelId: ModelId, fingerprint: string | null): void {
    const files = this.nodes.get(nodeId)?.files
    if (fingerprint === null) files?.delete(modelId)
    else files?.set(modelId, fingerprint)
    this.reportFiles(nodeId)
  }

  silence(nodeId: NodeId): void {
    const node = this.nodes.get(nodeId)
    if (!node || !node.present || node.silent) return
    this.fallSilent(nodeId, node)
    node.silent = true
    const since = (node.silentSince = this.options.clock.now())
    this.options.clock.after(PROBES_LOST_MS, () => {
      if (node.silentSince === since) this.loseEdges(nodeId)
    })
  }

  resume(nodeId: NodeId): void {
    const node = this.nodes.get(nodeId)
    if (!node || !node.present || !node.silent) return
    node.silent = false
    node.silentSince = undefined
    node.epoch += 1
    this.connect(nodeId)
  }

  /** The node leaves in order. If it is silent, its goodbye is lost. */
  removeNode(nodeId: NodeId): void {
    const node = this.nodes.get(nodeId)
    if (!node || !node.present) return
    const heard = this.isHeard(nodeId)
    if (!node.silent) this.fallSilent(nodeId, node)
    node.present = false
    node.epoch += 1
    if (heard) this.options.observe({ type: 'NodeLeaving', nodeId, reason: 'quit' })
  }

  /** The master is a new process: all nodes connect to it again. */
  masterRestarted(): void {
    for (const [nodeId, node] of this.nodes) {
      node.connected = false
      node.firstHeard = node.lastHeard = undefined
      node.epoch += 1
      const { epoch } = node
      this.options.clock.after(RECONNECT_MS, () => {
        if (node.epoch === epoch && node.present && !node.silent) this.connect(nodeId, PROBED_MS)
      })
    }
  }

  private fallSilent(nodeId: NodeId, node: SimulatedNode): void {
    if (this.isHeard(nodeId)) node.lastHeard = this.options.clock.now()
    node.epoch += 1
  }

  private connect(nodeId: NodeId, probedAfter = 0): void {
    const node = this.nodes.get(nodeId)
    if (!node) return
    const now = this.options.clock.now()
    node.connected = true
    node.firstHeard ??= now
    node.lastHeard = now
    this.reportInfo(nodeId)
    this.reportFiles(nodeId)
    const { epoch } = node
    const report = (): void => {
      if (node.epoch === epoch) this.reportEdges(nodeId)
    }
    if (probedAfter === 0) report()
    else this.options.clock.after(probedAfter, report)
    this.options.onHeard(nodeId)
  }

  private reportInfo(nodeId: NodeId): void {
    const node = this.nodes.get(nodeId)
    if (!node || !this.isHeard(nodeId)) return
    const known = this.options.state().nodes[nodeId]
    if (known && known.memory.ramAvailable === node.info.memory.ramAvailable) return
    this.options.observe({ type: 'NodeGatheredInfo', nodeId, info: node.info })
  }

  private reportFiles(nodeId: NodeId): void {
    const node = this.nodes.get(nodeId)
    if (!node || !this.isHeard(nodeId)) return
    this.options.observe(...fileReports(this.options.state(), nodeId, node.files))
  }

  private answers(nodeId: NodeId): boolean {
    const node = this.nodes.get(nodeId)
    return node !== undefined && node.present && !node.silent
  }

  /** `from` reports one link, if it differs from the state. */
  private reportLink(key: string, { changed = false }: CableChange = {}): void {
    const link = this.options.cables.get(key)
    if (!link || !this.isHeard(link.edge.from)) return
    const { edge } = link
    const known = key in this.options.state().topology.edges
    // A silent peer is not given up before its probes count as lost.
    const live = link.up && this.answers(edge.to)
    if (live && (!known || changed)) this.options.observe({ type: 'TopologyEdgeCreated', edge })
    else if (known && !link.up) this.options.observe({ type: 'TopologyEdgeDeleted', edge })
  }

  private reportEdges(nodeId: NodeId): void {
    for (const [key, { edge }] of this.options.cables.all())
      if (edge.from === nodeId || edge.to === nodeId) this.reportLink(key)
  }

  /** The remaining nodes remove their edges to and from the silent one. */
  private loseEdges(nodeId: NodeId): void {
    for (const edge of Object.values(this.options.state().topology.edges)) {
      const other = edge.from === nodeId ? edge.to : edge.to === nodeId ? edge.from : undefined
      if (other !== undefined && this.isHeard(other)) this.options.observe({ type: 'TopologyEdgeDeleted', edge })
    }
  }
}
