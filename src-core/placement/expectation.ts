import type { NodeId } from '../ids'
import { measuredSpeed } from '../state/last-measured'
import { DEFAULT_PREFERENCE } from '../state/meta-instances'
import type { PlacementRefusal } from './placement-refusal'
import type { State } from '../state/state'
import { predict, type LinkTable, type Plan, type Prediction } from './cost-model'
import type { ModelCard } from './model-card'
import { place } from './place'
import type { PlacementRequest } from './placement-request'
import type { PlacementSpace } from './space'

/** What a launch asks for that leaves everything open: the defaults of `POST /meta_instance`. */
export const PLAIN_LAUNCH: PlacementRequest = {
  sharding: 'Pipeline',
  instanceMeta: 'MlxRing',
  minNodes: 1,
  placementPreference: DEFAULT_PREFERENCE,
}

/** How fast a placement should be, and how fast it was. */
export interface ExpectedSpeed {
  readonly predicted?: Prediction
  /** What it gave one user alone when it last ran, in tokens per second, and over how many answers. */
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

/** What would come of a launch. */
export type Expectation =
  | (ExpectedSpeed & {
      readonly status: 'placed'
      /** In rank order. */
      readonly nodeIds: readonly NodeId[]
      /** Bytes by node. */
      readonly claims: Readonly<Record<string, number>>
    })
  | { readonly status: 'refused'; readonly error: PlacementRefusal }

/** Where a launch would place the model now, and how fast it would be there: what the node would do, by the same code. */
export const expectationOf = (space: PlacementSpace, card: ModelCard, request = PLAIN_LAUNCH): Expectation => {
  const { state } = space
  const result = place(state, card, request, space)
  if (result.status === 'refused') return result
  const { shards, claims } = result.placement
  const { sharding, instanceMeta } = request
  const speed = expectedSpeed(state, { card, sharding, instanceMeta, shards }, space.links)
  return { status: 'placed', nodeIds: shards.map(({ nodeId }) => nodeId), claims, ...speed }
}
