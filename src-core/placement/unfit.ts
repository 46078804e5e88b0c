import type { NodeId } from '../ids'
import type { CannotLoad, MetaInstance } from '../state/meta-instances'
import type { State } from '../state/state'
import type { CodedText } from '../texts/coded'

/** Machines that cannot load a model, by node, with the reason each reported; a code if it has one. */
export type Unfit = Readonly<Record<string, string | CodedText>>

/**
 * Returns the machines on which a declaration's model failed to load for a lasting reason. A machine whose files have
 * changed is not included, nor one whose files are gone, as they can be fetched again.
 *
 * @param inventoryMayBePending whether a machine joined so recently that it may not have reported its models yet
 */
export const unfitMachines = (
  { downloads }: State,
  { modelId, cannotLoad = [] }: Pick<MetaInstance, 'modelId' | 'cannotLoad'>,
  { inventoryMayBePending = () => false }: { inventoryMayBePending?: (nodeId: NodeId) => boolean } = {},
): Unfit => {
  const isSame = ({ nodeId, fingerprint }: CannotLoad): boolean => {
    const download = downloads[nodeId]?.[modelId]
    if (fingerprint === undefined) return download?.fingerprint === undefined
    return download === undefined ? inventoryMayBePending(nodeId) : download.fingerprint === fingerprint
  }
  return Object.fromEntries(cannotLoad.filter(isSame).map(({ nodeId, reason, coded }) => [nodeId, coded ?? reason]))
}
