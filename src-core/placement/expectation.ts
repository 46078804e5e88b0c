import type { NodeId } from '../ids'
import { measuredSpeed } from '../state/last-measured'
import { DEFAULT_PREFERENCE } from '../state/meta-instances'
import type { PlacementRefusal } from './placement-refusal'
import type { State } from '../state/state'
import { predict, type LinkTable, type Plan, type Prediction } from './cost-model'
import type { ModelCard } from './model-card'
import type { Ending } from './ending'
import { placeMakingRoom } from './making-room'
import type { PlacementRequest } from './placement-request'
import type { PlacementSpace } from './space'

/** The request of a launch without options: the defaults of `POST /meta_instance`. */
export const DEFAULT_LAUNCH: PlacementRequest = {
  sharding: 'Pipeline',
  instanceMeta: 'MlxRing',
  minNodes: 1,
  placementPreference: DEFAULT_PREFERENCE,
}

/** Predicted and measured speed of a placement. */
export interface ExpectedSpeed {
  readonly predicted?: Prediction
  /**
   * Tokens per second for a single user when this placement last ran, and the number of answers it is averaged over.
   */
  readonly measured?: { readonly tokensPerSecond: number; readonly runs: number }
}

export const expectedSpeed = (state: State, plan: Plan, links: LinkTable): ExpectedSpeed => {
  const { card, sharding, instanceMeta, shards } = plan
  const nodeIds = shards.map(({ nodeId }) => nodeId)
  const predicted = predict(state, plan, links)
  const measured = measuredSpeed(state, { modelId: card.modelId, sharding, instanceMeta, nodeIds })
  return {
    ...(predicted && { predicted }),
    ...(measured && { measured: { tokensPerSecond: measured.tokensPerSecond, runs: measured.runs } }),
  }
}

/** The outcome that a launch would have now. */
export type Expectation =
  | (ExpectedSpeed & {
      readonly status: 'placed'
      /** In rank order. */
      readonly nodeIds: readonly NodeId[]
      /** Bytes by node. */
      readonly claims: Readonly<Record<string, number>>
      /** What ends because its memory is needed. */
      readonly ends: readonly Ending[]
    })
  | { readonly status: 'refused'; readonly error: PlacementRefusal }

/**
 * Returns where a launch would place the model now, what would end for it, and how fast it would be. Uses
 * `placeMakingRoom`, which does as the node itself.
 */
export const expectationOf = (space: PlacementSpace, card: ModelCard, request = DEFAULT_LAUNCH): Expectation => {
  const { state } = space
  const result = placeMakingRoom(space, card, request)
  if (result.status === 'refused') return result
  const { ends } = result
  const { shards, claims } = result.placement
  const { sharding, instanceMeta } = request
  const speed = expectedSpeed(state, { card, sharding, instanceMeta, shards }, space.links)
  return { status: 'placed', nodeIds: shards.map(({ nodeId }) => nodeId), claims, ends, ...speed }
}
