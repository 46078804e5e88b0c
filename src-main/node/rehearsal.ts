import type { Envelope, Observation } from '@core/events/event'
import type { NodeId } from '@core/ids'
import type { State } from '@core/state/state'
import { rehearsalReports } from '@core/topology/rehearsal-edges'

/** What a link lost is said again this often. */
const LOOK_EVERY_MS = 1000

export interface RehearsalOptions {
  readonly nodeId: NodeId
  /** Whether this node rehearses RDMA; else it takes back what an earlier run of it said. */
  readonly rehearses: boolean
  readonly source: { state(): State; subscribe(event: (envelope: Envelope) => void, reset?: () => void): () => void }
  readonly observer: { observe(event: Observation): void }
}

/** Reports the edges of a rehearsal of RDMA by level, beside the ways that probes find. Returns the way to stop. */
export const watchRehearsal = ({ nodeId, rehearses, source, observer }: RehearsalOptions): (() => void) => {
  const look = (): void => {
    for (const event of rehearsalReports(source.state(), nodeId, { rehearses })) observer.observe(event)
  }
  const unsubscribe = source.subscribe(({ event }) => {
    if (event.type === 'TopologyEdgeCreated' || event.type === 'TopologyEdgeDeleted') look()
  }, look)
  const timer = setInterval(look, LOOK_EVERY_MS)
  return () => {
    unsubscribe()
    clearInterval(timer)
  }
}
