import type { Envelope, Observation } from '@core/events/event'
import type { NodeId } from '@core/ids'
import type { State } from '@core/state/state'
import { rehearsalReports } from '@core/topology/rehearsal-edges'

/** Interval at which reports are repeated, in case a link lost one. */
const REPORT_EVERY_MS = 1000

export interface RehearsalOptions {
  readonly nodeId: NodeId
  /** Whether this node rehearses RDMA. If not, it withdraws what an earlier run of it reported. */
  readonly rehearses: boolean
  readonly source: { state(): State; subscribe(event: (envelope: Envelope) => void, reset?: () => void): () => void }
  readonly observer: { observe(event: Observation): void }
}

/**
 * Reports the edges of an RDMA rehearsal, level-triggered, beside the connections that probes find. Returns the
 * function that stops it.
 */
export const watchRehearsal = ({ nodeId, rehearses, source, observer }: RehearsalOptions): (() => void) => {
  const report = (): void => {
    for (const event of rehearsalReports(source.state(), nodeId, { rehearses })) observer.observe(event)
  }
  const unsubscribe = source.subscribe(({ event }) => {
    if (event.type === 'TopologyEdgeCreated' || event.type === 'TopologyEdgeDeleted') report()
  }, report)
  const timer = setInterval(report, REPORT_EVERY_MS)
  return () => {
    unsubscribe()
    clearInterval(timer)
  }
}
