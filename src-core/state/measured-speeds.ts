import { z } from 'zod'
import { ModelId, NodeId } from '../ids'
import { InstanceMeta, Sharding } from './meta-instances'

/** Identifies a placement: the model, its sharding and backend, and its machines in rank order. */
export const PlacementKey = z.object({
  modelId: ModelId,
  sharding: Sharding,
  instanceMeta: InstanceMeta,
  nodeIds: z.array(NodeId).min(1),
})
export type PlacementKey = z.infer<typeof PlacementKey>

/** Speed of a placement for a single user, measured at rank 0. */
export const MeasuredSpeed = PlacementKey.extend({
  tokensPerSecond: z.number().positive(),
  /** Number of answers in the moving average. */
  runs: z.number().int().positive(),
})
export type MeasuredSpeed = z.infer<typeof MeasuredSpeed>

/** Each machine keeps this many; the least recently used is evicted. */
export const MAX_SPEEDS = 50
/** Minimum weight of the latest answer, so that the average follows heat and other load. */
const WEIGHT = 0.2

const isFor =
  ({ modelId, sharding, instanceMeta, nodeIds }: PlacementKey) =>
  (speed: PlacementKey): boolean =>
    speed.modelId === modelId &&
    speed.sharding === sharding &&
    speed.instanceMeta === instanceMeta &&
    speed.nodeIds.join() === nodeIds.join()

export const speedOf = (speeds: readonly MeasuredSpeed[], placement: PlacementKey): MeasuredSpeed | undefined =>
  speeds.find(isFor(placement))

/** Adds an answer's speed to the moving average, with the most recently used placement last. */
export const withRun = (
  speeds: readonly MeasuredSpeed[],
  placement: PlacementKey,
  tokensPerSecond: number,
): MeasuredSpeed[] => {
  const known = speedOf(speeds, placement)
  const runs = (known?.runs ?? 0) + 1
  const weight = Math.max(WEIGHT, 1 / runs)
  const mean = known ? known.tokensPerSecond + weight * (tokensPerSecond - known.tokensPerSecond) : tokensPerSecond
  const others = speeds.filter((speed) => speed !== known)
  return [...others, { ...placement, tokensPerSecond: mean, runs }].slice(-MAX_SPEEDS)
}
