import type { NodeId } from '../ids'
import type { CannotLoad, MetaInstance } from '../state/meta-instances'
import type { State } from '../state/state'
import type { CodedText } from '../texts/coded'

/** Machines that cannot load a model, by node, with the reason that each gave, as a code where it has one. */
export type Unfit = Readonly<Record<string, string | CodedText>>

/**
 * The machines on which loading a declaration's model failed for a lasting reason. One whose files have changed, or are
 * gone so that they can be fetched anew, is none of them.
 *
 * @param mayStillTell whether a machine was heard so lately that it may not have told yet which models it has
 */
export const unfitMachines = (
  { downloads }: State,
  { modelId, cannotLoad = [] }: Pick<MetaInstance, 'modelId' | 'cannotLoad'>,
  { mayStillTell = () => false }: { mayStillTell?: (nodeId: NodeId) => boolean } = {},
): Unfit => {
  const isSame = ({ nodeId, fingerprint }: CannotLoad): boolean => {
    const here = downloads[nodeId]?.[modelId]
    if (fingerprint === undefined) return here?.fingerprint === undefined
    return here === undefined ? mayStillTell(nodeId) : here.fingerprint === fingerprint
  }
  return Object.fromEntries(cannotLoad.filter(isSame).map(({ nodeId, reason, coded }) => [nodeId, coded ?? reason]))
}
