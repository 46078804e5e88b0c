import type { Constraints } from '../state/meta-instances'
import { coded } from '../texts/coded'
import { refusal, type PlacementRefusal } from './placement-refusal'

/** Most ranks in a mesh of MLX (`MESH_MAX_PEERS` of its JACCL). */
export const MAX_MESH_RANKS = 8

/** Most machines that one instance can use. */
export const maxRanks = ({ instanceMeta }: Pick<Constraints, 'instanceMeta'>): number =>
  instanceMeta === 'MlxJaccl' ? MAX_MESH_RANKS : Infinity

/** Refuses requests over RDMA for more machines than a mesh can have. */
export const meshProblem = ({
  instanceMeta,
  minNodes,
  nodeIds = [],
}: Pick<Constraints, 'instanceMeta' | 'minNodes' | 'nodeIds'>): PlacementRefusal | undefined => {
  const asked = Math.max(minNodes, nodeIds.length)
  if (asked <= maxRanks({ instanceMeta })) return undefined
  return refusal('too_many_for_rdma', coded('refusals.tooManyForRdma', { most: MAX_MESH_RANKS, asked }))
}
