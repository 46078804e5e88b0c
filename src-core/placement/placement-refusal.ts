import type { ErrorCode } from '../errors/error-codes'
import type { PLACEMENT_ERRORS } from '../errors/placement-errors'
import type { PlacementError } from '../state/meta-instances'
import type { CodedText } from '../texts/coded'
import { inEnglish } from '../texts/english'

export type PlacementErrorCode = keyof typeof PLACEMENT_ERRORS & ErrorCode

/** Why this version finds no place: of a code that is described. What a declaration keeps may be of another version. */
export type PlacementRefusal = PlacementError & { readonly code: PlacementErrorCode }

/** A refusal with its sentence. */
export const refusal = (
  code: PlacementErrorCode,
  sentence: CodedText,
  details?: PlacementError['details'],
): PlacementRefusal => ({ code, reason: inEnglish(sentence), coded: sentence, ...(details && { details }) })
