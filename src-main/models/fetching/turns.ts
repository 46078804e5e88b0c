import type { ModelId, NodeId } from '@core/ids'
import type { Download } from '@core/state/downloads'
import { neededModels } from '@core/state/needed-models'
import type { State } from '@core/state/state'

/** Somebody who brings a model must get on: after so long without anything new it is not waited for any more. */
const STALLED_AFTER_MS = 15_000
/** So long one that needs the model too is given to begin. */
const BEGIN_WITHIN_MS = 3000

export interface TurnsOptions {
  readonly self: NodeId
  readonly state: () => State
  /** Whether a member can be asked for files now. */
  readonly isLinked: (nodeId: NodeId) => boolean
}

const needs = ({ instances }: State, nodeId: NodeId, modelId: ModelId): boolean =>
  Object.values(instances).some((instance) => neededModels(instance, nodeId).includes(modelId))

/**
 * Several machines that need a model at once need it from the hub only once: the others copy it from the first. A
 * machine only ever waits for one whose id comes before its own, so that no two wait for each other; and only while
 * that one can be seen to get on, so that nobody waits for ever.
 */
export class Turns {
  private readonly seen = new Map<NodeId, { readonly text: string; readonly at: number }>()
  private readonly since: number

  constructor(
    private readonly options: TurnsOptions,
    private readonly modelId: ModelId,
    now: number,
  ) {
    this.since = now
  }

  /** The machine that brings the model from the hub, or is about to; undefined where that is for this one to do. */
  first(now: number): NodeId | undefined {
    const { self, state, isLinked } = this.options
    const current = state()
    return Object.keys(current.nodes)
      .map((nodeId) => nodeId as NodeId)
      .filter((nodeId) => nodeId < self && isLinked(nodeId))
      .find((nodeId) => this.getsOn(nodeId, current, now))
  }

  private getsOn(nodeId: NodeId, state: State, now: number): boolean {
    const download = state.downloads[nodeId]?.[this.modelId]
    switch (download?.status) {
      case 'Ongoing':
        return this.isMoving(nodeId, download, now)
      case undefined:
      case 'Pending':
        return needs(state, nodeId, this.modelId) && now - this.since < BEGIN_WITHIN_MS
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
