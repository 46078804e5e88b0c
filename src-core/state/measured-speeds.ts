import { z } from 'zod'
import { ModelId, NodeId } from '../ids'
import { InstanceMeta, Sharding } from './meta-instances'

/** Which model on which machines, in rank order. */
export const PlacementKey = z.object({
  modelId: ModelId,
  sharding: Sharding,
  instanceMeta: InstanceMeta,
  nodeIds: z.array(NodeId).min(1),
})
export type PlacementKey = z.infer<typeof PlacementKey>

/** What a placement gave one user alone, as its rank 0 saw it. */
export const MeasuredSpeed = PlacementKey.extend({
  tokensPerSecond: z.number().positive(),
  /** How many answers that is the moving mean of. */
  runs: z.number().int().positive(),
})
export type MeasuredSpeed = z.infer<typeof MeasuredSpeed>

/** Each machine keeps so many; the longest unused goes first. */
export const MAX_SPEEDS = 50
/** What one answer weighs once there are several: a machine gets warm, and gets other work. */
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

/** The speeds with one more answer, the placement last used at the end. */
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
