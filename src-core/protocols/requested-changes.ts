import type { UpdateMetaInstanceRequest } from './control'
import type { MetaInstanceChanges } from '../state/meta-instances'

/** Converts an update request to changes. Clearing a field that has a default sets the default. */
export const requestedChanges = ({ minNodes, keep, ...wanted }: UpdateMetaInstanceRequest): MetaInstanceChanges => ({
  ...wanted,
  ...(minNodes !== undefined && { minNodes: minNodes ?? 1 }),
  // An always-on declaration does not need a pin.
  ...((keep === true || wanted.onRequest === null) && { onRequest: null, pinned: null }),
})
