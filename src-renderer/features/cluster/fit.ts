import type { NodeId } from '@core/ids'
import type { ModelCard } from '@core/placement/model-card'
import { previews } from '@core/placement/previews'
import { nodeName } from '@core/state/bindings'
import type { State } from '@core/state/state'
import { bytesText } from '../../state/text'

/** What would become of a model on one machine alone. */
export type Fit =
  | { readonly fits: true; readonly bytes: number; readonly tokensPerSecond: number | undefined }
  | { readonly fits: false; readonly reason: string }

/** Reckoned here and not asked of the node: while something is dragged, every machine says it at once. */
export const fitOn = (state: State, card: ModelCard, nodeId: NodeId): Fit => {
  if (!(nodeId in state.nodes)) return { fits: false, reason: 'offline' }
  const alone = previews({ ...state, nodes: pick(state.nodes, nodeId) }, card, { nodeIds: [nodeId] })
  const [ring] = alone.filter(({ sharding, instanceMeta }) => sharding === 'Pipeline' && instanceMeta === 'MlxRing')
  if (ring === undefined) return { fits: false, reason: 'cannot run it' }
  if (!('error' in ring)) {
    return { fits: true, bytes: ring.memoryDeltaByNode[nodeId] ?? 0, tokensPerSecond: ring.predicted?.tokensPerSecond }
  }
  const { details, reason } = ring.error
  if (details?.neededBytes !== undefined && details.freeBytes !== undefined)
    return { fits: false, reason: `needs ${bytesText(details.neededBytes - details.freeBytes)} more` }
  const removed = details?.removed.find(({ nodeIds }) => nodeIds.includes(nodeId))
  return { fits: false, reason: removed?.detail ?? reason }
}

const pick = (nodes: State['nodes'], nodeId: NodeId): State['nodes'] => {
  const node = nodes[nodeId]
  return node === undefined ? {} : { [nodeId]: node }
}

/** Where a model would go by itself, in a few words, or what it lacks; undefined where no machine is known yet. */
export const bestFit = (state: State, card: ModelCard): (Fit & { readonly where?: string }) | undefined => {
  const fits = Object.values(state.nodes).map(({ nodeId }) => ({ nodeId, fit: fitOn(state, card, nodeId) }))
  const possible = fits.flatMap(({ nodeId, fit }) => (fit.fits ? [{ nodeId, fit }] : []))
  const [first] = possible
  if (first === undefined) {
    const reasons = new Set(fits.flatMap(({ fit }) => (fit.fits ? [] : [fit.reason])))
    const [reason] = reasons
    return reason === undefined
      ? undefined
      : { fits: false, reason: reasons.size === 1 ? reason : 'fits no machine now' }
  }
  const fastest = possible.reduce((best, next) =>
    (next.fit.tokensPerSecond ?? 0) > (best.fit.tokensPerSecond ?? 0) ? next : best,
  )
  const where =
    fits.length === 1
      ? 'fits'
      : possible.length === fits.length
        ? 'fits any machine'
        : possible.length === 1
          ? `fits ${nodeName(state, first.nodeId)}`
          : `fits ${possible.length} machines`
  return { ...fastest.fit, where }
}
