import type { UpdateMetaInstanceRequest } from './control'
import type { MetaInstanceChanges } from '../state/meta-instances'

/** What a request to change a declaration asks for. Clearing a field that has a default sets that. */
export const requestedChanges = ({ minNodes, keep, ...wanted }: UpdateMetaInstanceRequest): MetaInstanceChanges => ({
  ...wanted,
  ...(minNodes !== undefined && { minNodes: minNodes ?? 1 }),
  // What is always on has nothing left to be pinned against.
  ...((keep === true || wanted.onRequest === null) && { onRequest: null, pinned: null }),
})
