import type { ModelId, NodeId } from '@core/ids'
import type { Download } from '@core/state/downloads'
import { neededModels } from '@core/state/needed-models'
import type { State } from '@core/state/state'

/** A download without progress for this long is no longer waited for. */
const STALLED_AFTER_MS = 15_000
/** Time allowed for another machine that needs the model to start its download. */
const START_WITHIN_MS = 3000

export interface SingleFlightOptions {
  readonly self: NodeId
  readonly state: () => State
  /** Whether a member is reachable for file requests. */
  readonly isLinked: (nodeId: NodeId) => boolean
}

const needs = ({ instances }: State, nodeId: NodeId, modelId: ModelId): boolean =>
  Object.values(instances).some((instance) => neededModels(instance, nodeId).includes(modelId))

/**
 * Single-flight download across machines: if several need the same model, one downloads it from the hub and the others
 * copy it from that one. A machine waits only for machines with a smaller id, which excludes circular waits, and only
 * while that machine makes progress, which bounds the wait.
 */
export class ClusterSingleFlight {
  private readonly seen = new Map<NodeId, { readonly text: string; readonly at: number }>()
  private readonly since: number

  constructor(
    private readonly options: SingleFlightOptions,
    private readonly modelId: ModelId,
    now: number,
  ) {
    this.since = now
  }

  /** The machine whose hub download to wait for; undefined if this machine should download. */
  downloader(now: number): NodeId | undefined {
    const { self, state, isLinked } = this.options
    const current = state()
    return Object.keys(current.nodes)
      .map((nodeId) => nodeId as NodeId)
      .filter((nodeId) => nodeId < self && isLinked(nodeId))
      .find((nodeId) => this.isDownloading(nodeId, current, now))
  }

  private isDownloading(nodeId: NodeId, state: State, now: number): boolean {
    const download = state.downloads[nodeId]?.[this.modelId]
    switch (download?.status) {
      case 'Ongoing':
        return this.isMoving(nodeId, download, now)
      case undefined:
      case 'Pending':
        return needs(state, nodeId, this.modelId) && now - this.since < START_WITHIN_MS
      case 'Complete':
      case 'Failed':
        return false
    }
  }

  private isMoving(nodeId: NodeId, download: Download, now: number): boolean {
    const text = JSON.stringify(download)
    const known = this.seen.get(nodeId)
    if (known?.text !== text) this.seen.set(nodeId, { text, at: now })
    return known?.text !== text || now - known.at < STALLED_AFTER_MS
  }
}
