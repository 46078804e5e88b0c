import type { ErrorCode } from '../errors/error-codes'
import type { PLACEMENT_ERRORS } from '../errors/placement-errors'
import type { PlacementError } from '../state/meta-instances'

export type PlacementErrorCode = keyof typeof PLACEMENT_ERRORS & ErrorCode

/** Why this version finds no place: of a code that is described. What a declaration keeps may be of another version. */
export type PlacementRefusal = PlacementError & { readonly code: PlacementErrorCode }
