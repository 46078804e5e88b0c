import type { MetaInstanceId, NodeId } from '../ids'
import type { FailedPreview, Preview } from './preview'
import { leastNodes } from '../state/least-nodes'
import {
  DEFAULT_PREFERENCE,
  InstanceMeta,
  Sharding,
  type KvBits,
  type PlacementPreference,
} from '../state/meta-instances'
import type { State } from '../state/state'
import { expectedSpeed } from './expectation'
import type { ModelCard } from './model-card'
import { mayGiveWayNow } from './giving-way'
import { placeMakingRoom, type RoomMade } from './making-room'
import { contextProblem } from './refusal'
import type { PlacementRequest } from './placement-request'
import { PlacementSpace } from './space'

export interface PreviewQuery {
  /** Exactly these machines. */
  readonly nodeIds?: readonly NodeId[] | undefined
  readonly minNodes?: number | undefined
  /** The preference that marks one preview of each kind as preferred. */
  readonly placementPreference?: PlacementPreference | undefined
  /** Assumes that this machine is gone. */
  readonly without?: NodeId | undefined
  /** Assumes that this declaration's instances have released their memory. */
  readonly replacing?: MetaInstanceId | undefined
  readonly maxContext?: number | undefined
  readonly concurrency?: number | undefined
  readonly kvBits?: KvBits | undefined
  /** Whether temporary declarations and instances without a declaration give way, as to an always-on declaration. */
  readonly makingRoom?: boolean | undefined
}

/** Up to this many machines every size is previewed; beyond, each size doubles the last. */
const EVERY_SIZE_UP_TO = 16

const hypotheticalState = (state: State, { without, replacing }: PreviewQuery): State => {
  const { [without ?? '']: _left, ...nodes } = state.nodes
  const instances = Object.fromEntries(
    Object.entries(state.instances).filter(([, { metaInstanceId }]) => metaInstanceId !== replacing),
  )
  return {
    ...state,
    ...(without !== undefined && { nodes }),
    ...(replacing !== undefined && { instances }),
  }
}

/** Returns a preview for each sharding, backend and size: the nodes and their memory, or the refusal. */
export const previews = (state: State, card: ModelCard, query: PreviewQuery): (Preview | FailedPreview)[] => {
  const mayEnd = query.makingRoom ? mayGiveWayNow(state, state.metaInstances[query.replacing ?? '']) : []
  const space = new PlacementSpace(hypotheticalState(state, query), mayEnd)
  return Sharding.options.flatMap((sharding) =>
    InstanceMeta.options.flatMap((instanceMeta) => previewsOf(space, card, query, { sharding, instanceMeta })),
  )
}

const previewsOf = (
  space: PlacementSpace,
  card: ModelCard,
  query: PreviewQuery,
  kind: Pick<PlacementRequest, 'sharding' | 'instanceMeta'>,
): (Preview | FailedPreview)[] => {
  const {
    nodeIds,
    minNodes = 1,
    maxContext,
    concurrency,
    kvBits,
    without,
    placementPreference = DEFAULT_PREFERENCE,
  } = query
  const { state } = space
  const placed = (least: number, preference: PlacementPreference) =>
    placeMakingRoom(space, card, {
      ...kind,
      minNodes: least,
      placementPreference: preference,
      ...(nodeIds && { nodeIds: [...nodeIds] }),
      ...(without !== undefined && { away: [without] }),
      ...(maxContext !== undefined && { maxContext }),
      ...(concurrency !== undefined && { concurrency }),
      ...(kvBits !== undefined && { kvBits }),
    })
  const previewOf = ({ placement: { shards, claims }, ends }: Extract<RoomMade, { status: 'placed' }>): Preview => ({
    ...kind,
    nodeIds: shards.map(({ nodeId }) => nodeId),
    memoryDeltaByNode: { ...claims },
    shards: [...shards],
    ...expectedSpeed(state, { card, ...kind, shards }, space.links),
    ...(ends.length > 0 && { ends: [...ends] }),
  })
  const tooLong = contextProblem(card, query)
  if (tooLong) return [{ ...kind, nodeIds: [...(nodeIds ?? [])], error: tooLong }]
  const smallest = leastNodes({ ...kind, minNodes })
  const preferred = placed(smallest, placementPreference)
  if (preferred.status === 'refused') return [{ ...kind, nodeIds: [...(nodeIds ?? [])], error: preferred.error }]
  const first = { ...previewOf(preferred), preferred: true }
  if (nodeIds !== undefined) return [first]
  const found: Preview[] = []
  const failed: FailedPreview[] = []
  const machines = Object.keys(state.nodes).length
  for (let least = smallest; least <= machines;) {
    const result = placed(least, 'smallest')
    if (result.status === 'refused') {
      // If this size is refused, larger ones are too.
      failed.push({ ...kind, nodeIds: [], error: result.error })
      break
    }
    const size = result.placement.shards.length
    found.push(size === first.nodeIds.length ? first : previewOf(result))
    least = size < EVERY_SIZE_UP_TO ? size + 1 : size * 2
  }
  if (!found.includes(first)) found.push(first)
  return [...found.sort((a, b) => a.nodeIds.length - b.nodeIds.length), ...failed]
}
