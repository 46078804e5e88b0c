import type { NodeId } from '../ids'
import { leastNodes } from '../state/least-nodes'
import type { MetaInstance } from '../state/meta-instances'
import { DEFAULT_PREFERENCE } from '../state/meta-instances'
import type { State } from '../state/state'
import type { DeclarationDocument } from './document'

/** A document without fields that have their default. */
export type WrittenDocument = Partial<DeclarationDocument> & Pick<DeclarationDocument, 'name' | 'modelId'>

/**
 * Converts a declaration to an equivalent document, omitting defaults. Without a name, its id is used, as a document
 * needs one.
 */
export const toDocument = ({ members }: Pick<State, 'members'>, declared: MetaInstance): WrittenDocument => {
  const { name, metaInstanceId, modelId, sharding, instanceMeta, minNodes, nodeIds, placementPreference } = declared
  const { maxContext, concurrency, kvBits, draftModelId, adapterId, replicas, paused, hours, owner, labels } = declared
  const names = Object.values(members).map(({ friendlyName }) => friendlyName)
  const asNamed = (nodeId: NodeId): string => {
    const machine = members[nodeId]?.friendlyName
    return machine !== undefined && names.filter((one) => one === machine).length === 1 ? machine : nodeId
  }
  return {
    name: name ?? metaInstanceId,
    modelId,
    ...(owner !== undefined && { owner }),
    ...(labels && Object.keys(labels).length > 0 && { labels }),
    ...(sharding !== 'Pipeline' && { sharding }),
    ...(instanceMeta !== 'MlxRing' && { instanceMeta }),
    ...(minNodes !== leastNodes({ instanceMeta, minNodes: 1 }) && { minNodes }),
    ...(nodeIds && { machines: nodeIds.map(asNamed) }),
    ...(placementPreference !== DEFAULT_PREFERENCE && { placementPreference }),
    ...(maxContext !== undefined && { maxContext }),
    ...(replicas !== undefined && replicas > 1 && { replicas }),
    ...(hours && {
      hours: hours.map(({ nodeIds: during, ...entry }) => ({
        ...entry,
        ...(during && { machines: during.map(asNamed) }),
      })),
    }),
    ...(concurrency !== undefined && { concurrency }),
    ...(kvBits !== undefined && { kvBits }),
    ...(draftModelId !== undefined && { draftModelId }),
    ...(adapterId !== undefined && { adapterId }),
    ...(paused && { paused }),
  }
}

/** The values of the fields that a written document leaves out because they are the default. */
export const omittedIn = ({ instanceMeta = 'MlxRing' }: WrittenDocument): Partial<DeclarationDocument> => ({
  sharding: 'Pipeline',
  instanceMeta: 'MlxRing',
  minNodes: leastNodes({ instanceMeta, minNodes: 1 }),
  placementPreference: DEFAULT_PREFERENCE,
  replicas: 1,
  paused: false,
})
