import type { MetaInstanceId, ModelId, NodeId } from '../ids'
import { currentInstance } from '../state/bindings'
import type { MetaInstance } from '../state/meta-instances'
import type { State } from '../state/state'
import { expectedSpeed } from './expectation'
import type { ModelCard } from './model-card'
import { place } from './place'
import { PlacementSpace } from './space'
import { unfitMachines } from './unfit'

/** What would become of a declaration without one machine. */
export type WithoutMachine = {
  readonly metaInstanceId: MetaInstanceId
  /** The declaration's name, else its model. */
  readonly label: string
} & (
  | {
      readonly kind: 'moves'
      /** In rank order. */
      readonly nodeIds: readonly NodeId[]
      /** As it was measured there, else as it is predicted. */
      readonly tokensPerSecond?: number
    }
  | { readonly kind: 'stops'; readonly reason: string }
)

const omit = <Value>(record: Readonly<Record<string, Value>>, id: string): Record<string, Value> =>
  Object.fromEntries(Object.entries(record).filter(([key]) => key !== id))

const usesMachine = (state: State, { metaInstanceId, paused }: MetaInstance, nodeId: NodeId): boolean =>
  !paused && currentInstance(state, metaInstanceId)?.shards.some((shard) => shard.nodeId === nodeId) === true

/** The state as if the machine had gone, with all that stood on it. */
const withoutMachine = (state: State, nodeId: NodeId): State => ({
  ...state,
  nodes: omit(state.nodes, nodeId),
  instances: Object.fromEntries(
    Object.entries(state.instances).filter(([, { shards }]) => !shards.some((shard) => shard.nodeId === nodeId)),
  ),
})

/**
 * What would become of each declaration that uses a machine, were it gone: placed one after the other by the rules that
 * the master goes by, so that they do not take the same memory twice. What other declarations would give way is left out.
 *
 * @param cards of the models; without one the answer is that it is not known
 */
export const whatIfGone = (
  state: State,
  nodeId: NodeId,
  cards: ReadonlyMap<ModelId, ModelCard>,
): readonly WithoutMachine[] => {
  const affected = Object.values(state.metaInstances).filter((one) => usesMachine(state, one, nodeId))
  let seen = withoutMachine(state, nodeId)
  return affected.map((one): WithoutMachine => {
    const { metaInstanceId, modelId, name, sharding, instanceMeta } = one
    const about = { metaInstanceId, label: name ?? modelId }
    const card = cards.get(modelId)
    if (!card) return { ...about, kind: 'stops', reason: `the files of ${modelId} cannot be read now` }
    const space = new PlacementSpace(seen)
    const result = place(seen, card, { ...one, unfit: unfitMachines(seen, one) }, space)
    if (result.status === 'refused') return { ...about, kind: 'stops', reason: result.error.reason }
    const { shards, claims } = result.placement
    const speed = expectedSpeed(seen, { card, sharding, instanceMeta, shards }, space.links)
    const tokensPerSecond = speed.measured?.tokensPerSecond ?? speed.predicted?.tokensPerSecond
    seen = claiming(seen, claims)
    return {
      ...about,
      kind: 'moves',
      nodeIds: shards.map((shard) => shard.nodeId),
      ...(tokensPerSecond !== undefined && { tokensPerSecond }),
    }
  })
}

/** The state with so much memory promised. */
const claiming = (state: State, claims: Readonly<Record<string, number>>): State => ({
  ...state,
  nodes: Object.fromEntries(
    Object.entries(state.nodes).map(([id, node]) => {
      const { memory } = node
      const ramAvailable = Math.max(0, memory.ramAvailable - (claims[id] ?? 0))
      return [id, { ...node, memory: { ...memory, ramAvailable } }]
    }),
  ),
})
