import type { NodeId } from '@core/ids'
import type { State } from '@core/state/state'
import type { CodedText } from '@core/texts/coded'

/** Why a machine cannot run models, in English and as a code. */
export interface CannotRun {
  readonly nodeId: NodeId
  readonly reason: string
  readonly coded: CodedText | undefined
}

/**
 * Why no machine can run models, as reported by the first; undefined if one can, or none is known. Machines that only
 * coordinate do not count.
 */
export const whyNoneRuns = ({ nodes }: Pick<State, 'nodes'>): CannotRun | undefined => {
  const workers = Object.values(nodes).filter(({ worker }) => worker)
  const [first] = workers.flatMap(({ nodeId, cannotRun, cannotRunCoded }) =>
    cannotRun === undefined ? [] : [{ nodeId, reason: cannotRun, coded: cannotRunCoded }],
  )
  return workers.every(({ cannotRun }) => cannotRun !== undefined) ? first : undefined
}
