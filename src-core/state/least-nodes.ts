import type { Constraints } from './meta-instances'

/** Least number of machines of an instance: RDMA needs two, whatever is asked for. */
export const leastNodes = ({ instanceMeta, minNodes }: Pick<Constraints, 'instanceMeta' | 'minNodes'>): number =>
  instanceMeta === 'MlxJaccl' ? Math.max(2, minNodes) : minNodes
