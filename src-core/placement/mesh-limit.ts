import type { Constraints } from '../state/meta-instances'
import { coded } from '../texts/coded'
import { refusal, type PlacementRefusal } from './placement-refusal'

/** The most ranks that MLX makes a mesh of (`MESH_MAX_PEERS` of its JACCL). */
export const MOST_MESH_RANKS = 8

/** The most machines that one instance can have, whatever machines there are. */
export const mostRanks = ({ instanceMeta }: Pick<Constraints, 'instanceMeta'>): number =>
  instanceMeta === 'MlxJaccl' ? MOST_MESH_RANKS : Infinity

/** Why these machines can never be one instance together: RDMA was asked for, and they are too many for it. */
export const meshProblem = ({
  instanceMeta,
  minNodes,
  nodeIds = [],
}: Pick<Constraints, 'instanceMeta' | 'minNodes' | 'nodeIds'>): PlacementRefusal | undefined => {
  const asked = Math.max(minNodes, nodeIds.length)
  if (asked <= mostRanks({ instanceMeta })) return undefined
  return refusal('too_many_for_rdma', coded('refusals.tooManyForRdma', { most: MOST_MESH_RANKS, asked }))
}
