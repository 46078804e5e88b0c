import type { Observation } from '@core/events/event'
import type { ModelId, NodeId, Timestamp } from '@core/ids'
import type { NodeInfo } from '@core/state/nodes'
import type { State } from '@core/state/state'
import type { Cable, SimulatedCables } from '@core/simulation/cables'
import { fileReports } from '@core/simulation/model-files'
import type { NodeClock } from './node-clock'
import type { RecentReports } from './recent-reports'

/** Every peer is probed once a second; after three lost probes its connections count as gone. */
const PROBE_MS = 1000
export const PROBES_LOST_MS = 3 * PROBE_MS

export interface MachineParts {
  readonly self: NodeId
  readonly clock: NodeClock
  readonly cables: SimulatedCables
  readonly reports: RecentReports
  readonly state: () => State
  readonly observe: (event: Observation) => void
  readonly reaches: (peer: NodeId) => boolean
  readonly reachedAt: (peer: NodeId) => Timestamp | undefined
  readonly peers: () => readonly NodeId[]
}

/** What a machine observes of itself and its connections; level-triggered, reported to the leader. */
export class SimulatedMachine {
  info: NodeInfo | undefined
  /** Fingerprints of the models that it has. */
  private readonly files = new Map<ModelId, string>()
  /** Start of probing, after a start or a sleep: earlier silence does not count. */
  private probesSince: Timestamp = 0

  constructor(private readonly parts: MachineParts) {
    parts.cables.onChange((key, { changed = false }) => {
      const cable = parts.cables.get(key)
      const known = key in parts.state().topology.edges
      if (cable && this.info) this.reportCable(key, cable, { known, again: changed })
    })
  }

  /** Sets the fingerprint of a model's files on this machine; null removes the model. */
  setFiles(modelId: ModelId, fingerprint: string | null): void {
    if (fingerprint === null) this.files.delete(modelId)
    else this.files.set(modelId, fingerprint)
  }

  begin(): void {
    this.probesSince = this.parts.clock.now()
  }

  /** Reports all that the state does not show yet. */
  report(): void {
    const { self, reports, observe, cables } = this.parts
    const { info } = this
    if (!info) return
    const state = this.parts.state()
    const known = state.nodes[self]
    if (known?.memory.ramAvailable !== info.memory.ramAvailable || known.memory.ramTotal !== info.memory.ramTotal)
      reports.sendOnce(`info ${info.memory.ramTotal} ${info.memory.ramAvailable}`, () =>
        observe({ type: 'NodeGatheredInfo', nodeId: self, info }),
      )
    for (const event of fileReports(state, self, this.files))
      reports.sendOnce(`files ${event.modelId} ${event.download?.fingerprint ?? ''}`, () => observe(event))
    const { edges } = state.topology
    for (const [key, cable] of cables.of(self)) this.reportCable(key, cable, { known: key in edges })
  }

  /** Peers that answer no probe. */
  unreachable(): NodeId[] {
    return this.parts.peers().filter((peer) => this.isLost(peer))
  }

  private isLost(peer: NodeId): boolean {
    const { clock, reaches, reachedAt } = this.parts
    const last = Math.max(this.probesSince, reachedAt(peer) ?? 0)
    return !reaches(peer) && clock.now() - last >= PROBES_LOST_MS
  }

  /** The `from` end reports a live edge; either end reports it gone when the other answers no probe. */
  private reportCable(
    key: string,
    { edge, up }: Cable,
    { known, again = false }: { readonly known: boolean; readonly again?: boolean },
  ): void {
    const { self, reports, observe, reaches } = this.parts
    if (edge.from === self && up && reaches(edge.to)) {
      if (!known || again)
        reports.sendOnce(`there ${key} ${again}`, () => observe({ type: 'TopologyEdgeCreated', edge }))
      return
    }
    if (!known) return
    const gone = (edge.from === self && (!up || this.isLost(edge.to))) || (edge.to === self && this.isLost(edge.from))
    if (gone) reports.sendOnce(`gone ${key}`, () => observe({ type: 'TopologyEdgeDeleted', edge }))
  }
}
