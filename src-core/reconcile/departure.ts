import { InstanceId, RunnerId, type MetaInstanceId, type NodeId } from '../ids'
import type { Ending } from '../placement/ending'
import { expectedSpeed } from '../placement/expectation'
import { mayGiveWayNow } from '../placement/giving-way'
import { placeMakingRoom } from '../placement/making-room'
import { refusal, type PlacementRefusal } from '../placement/placement-refusal'
import { PlacementSpace } from '../placement/space'
import { unfitMachines } from '../placement/unfit'
import { instancesOf } from '../state/bindings'
import { replicasOf } from '../state/replicas'
import { asScheduled, temporaryOf } from '../state/scheduling'
import type { State } from '../state/state'
import { coded } from '../texts/coded'
import { declaredCard } from './declared-card'
import { instanceOf } from './instances'
import { requestOf } from './placing'
import type { ReconcileInputs } from './process-manager'

/** What happens to a declaration when a machine that it uses leaves. */
export type Departure = {
  readonly metaInstanceId: MetaInstanceId
  readonly name: string
  /** Number of other replicas, which continue to serve. */
  readonly others?: number
} & (
  | {
      readonly fate: 'moves'
      readonly nodeIds: readonly NodeId[]
      /** Measured on those machines, otherwise predicted. */
      readonly tokensPerSecond?: number
      /** What ends because its memory is needed. */
      readonly ends?: Ending[]
    }
  | { readonly fate: 'stops'; readonly error: PlacementRefusal }
)

const NO_CARD = refusal('model_card', coded('refusals.noCard'))

/**
 * Predicts what happens to every declaration with an instance on this machine if the machine left now. Runs the real
 * placement on the state without the machine, in the order of a pass: memory claimed by earlier declarations is not
 * available to later ones, and temporary ones come last. A declaration without a model card cannot be placed and counts
 * as stopped.
 */
export const departures = (state: State, nodeId: NodeId, cards: ReconcileInputs['cards']): readonly Departure[] => {
  const affected = Object.values(state.instances).filter(({ shards }) =>
    shards.some((shard) => shard.nodeId === nodeId),
  )
  const affectedIds = new Set<string>(affected.map(({ instanceId }) => instanceId))
  let left: State = {
    ...state,
    instances: Object.fromEntries(Object.entries(state.instances).filter(([id]) => !affectedIds.has(id))),
  }
  const declared = [...new Set(affected.flatMap(({ metaInstanceId }) => metaInstanceId ?? []))].flatMap(
    (metaInstanceId) => state.metaInstances[metaInstanceId] ?? [],
  )
  const alwaysOnFirst = [...declared.filter((one) => !temporaryOf(one)), ...declared.filter(temporaryOf)]
  return alwaysOnFirst.flatMap((declared, index): Departure[] => {
    const { metaInstanceId } = declared
    const one = asScheduled(declared)
    const others = replicasOf(one) > 1 ? instancesOf(left, metaInstanceId).length : 0
    const named = { metaInstanceId, name: one.name ?? one.modelId, ...(others > 0 && { others }) }
    const found = declaredCard(cards, one)
    if (found.status === 'missing') return [{ ...named, fate: 'stops', error: NO_CARD }]
    const { card } = found
    const space = new PlacementSpace(left, mayGiveWayNow(left, one))
    const request = requestOf(left, one, { unfit: unfitMachines(left, one) })
    const result = placeMakingRoom(space, card, { ...request, away: [nodeId] })
    if (result.status === 'refused') return [{ ...named, fate: 'stops', error: result.error }]
    const ids = {
      instanceId: () => InstanceId.parse(`departure-${index}`),
      runnerId: () => RunnerId.parse(`departure-${index}`),
    }
    const instance = instanceOf(result.placement, one, { ids, now: state.lastEventAt, metaInstanceId })
    const { sharding, instanceMeta } = one
    const { measured, predicted } = expectedSpeed(
      left,
      { card, sharding, instanceMeta, shards: instance.shards },
      space.links,
    )
    const tokensPerSecond = (measured ?? predicted)?.tokensPerSecond
    const { ends } = result
    left = space.without(new Set(ends.flatMap(({ instanceIds }) => instanceIds))).state
    left = { ...left, instances: { ...left.instances, [instance.instanceId]: instance } }
    const nodeIds = instance.shards.map((shard) => shard.nodeId)
    return [
      {
        ...named,
        fate: 'moves',
        nodeIds,
        ...(tokensPerSecond !== undefined && { tokensPerSecond }),
        ...(ends.length > 0 && { ends: [...ends] }),
      },
    ]
  })
}
