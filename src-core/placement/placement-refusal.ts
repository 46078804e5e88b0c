import type { ErrorCode } from '../errors/error-codes'
import type { PLACEMENT_ERRORS } from '../errors/placement-errors'
import type { PlacementError } from '../state/meta-instances'
import type { CodedText } from '../texts/coded'
import { inEnglish } from '../texts/english'

export type PlacementErrorCode = keyof typeof PLACEMENT_ERRORS & ErrorCode

/** A refusal with a code of this version. The errors that declarations keep may have codes of other versions. */
export type PlacementRefusal = PlacementError & { readonly code: PlacementErrorCode }

/** Builds a refusal from its sentence. */
export const refusal = (
  code: PlacementErrorCode,
  sentence: CodedText,
  details?: PlacementError['details'],
): PlacementRefusal => ({ code, reason: inEnglish(sentence), coded: sentence, ...(details && { details }) })
