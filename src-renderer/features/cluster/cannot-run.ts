import type { NodeId } from '@core/ids'
import type { State } from '@core/state/state'

/** Why no machine can run models, as reported by the first; undefined if one can, or none is known. */
export const whyNoneRuns = ({
  nodes,
}: Pick<State, 'nodes'>): { readonly nodeId: NodeId; readonly reason: string } | undefined => {
  const all = Object.values(nodes)
  const [first] = all.flatMap(({ nodeId, cannotRun }) =>
    cannotRun === undefined ? [] : [{ nodeId, reason: cannotRun }],
  )
  return all.every(({ cannotRun }) => cannotRun !== undefined) ? first : undefined
}
