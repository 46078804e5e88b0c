import type { UpdateMetaInstanceRequest } from './control'
import { DEFAULT_PREFERENCE, type MetaInstanceChanges } from '../state/meta-instances'

/** Converts an update request to changes. Clearing a field that has a default sets the default. */
export const requestedChanges = ({
  sharding,
  instanceMeta,
  minNodes,
  placementPreference,
  keep,
  ...wanted
}: UpdateMetaInstanceRequest): MetaInstanceChanges => ({
  ...wanted,
  ...(sharding !== undefined && { sharding: sharding ?? 'Pipeline' }),
  ...(instanceMeta !== undefined && { instanceMeta: instanceMeta ?? 'MlxRing' }),
  ...(minNodes !== undefined && { minNodes: minNodes ?? 1 }),
  ...(placementPreference !== undefined && { placementPreference: placementPreference ?? DEFAULT_PREFERENCE }),
  // An always-on declaration does not need a pin.
  ...((keep === true || wanted.onRequest === null) && { onRequest: null, pinned: null }),
})
