import type { MetaInstance } from '../state/meta-instances'
import { DEFAULT_PREFERENCE } from '../state/meta-instances'
import type { State } from '../state/state'
import type { DeclarationDocument } from './document'

/** A document without what has its default. */
export type WrittenDocument = Partial<DeclarationDocument> & Pick<DeclarationDocument, 'name' | 'modelId'>

/**
 * A declaration as a document that says the same, with what has its default left away. One without a name gets its id
 * for a name: a document needs one.
 */
export const documented = ({ members }: Pick<State, 'members'>, declared: MetaInstance): WrittenDocument => {
  const { name, metaInstanceId, modelId, sharding, instanceMeta, minNodes, nodeIds, placementPreference } = declared
  const { maxContext, paused, owner, labels } = declared
  const least = instanceMeta === 'MlxJaccl' ? 2 : 1
  const names = Object.values(members).map(({ friendlyName }) => friendlyName)
  const machines = nodeIds?.map((nodeId) => {
    const machine = members[nodeId]?.friendlyName
    return machine !== undefined && names.filter((one) => one === machine).length === 1 ? machine : nodeId
  })
  return {
    name: name ?? metaInstanceId,
    modelId,
    ...(owner !== undefined && { owner }),
    ...(labels && Object.keys(labels).length > 0 && { labels }),
    ...(sharding !== 'Pipeline' && { sharding }),
    ...(instanceMeta !== 'MlxRing' && { instanceMeta }),
    ...(minNodes !== least && { minNodes }),
    ...(machines && { machines }),
    ...(placementPreference !== DEFAULT_PREFERENCE && { placementPreference }),
    ...(maxContext !== undefined && { maxContext }),
    ...(paused && { paused }),
  }
}
