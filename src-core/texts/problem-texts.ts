import type { ErrorCode } from '../errors/error-codes'

/**
 * The meaning of each API error and what to do, in that language. English has none: the node's own message is English,
 * and more specific.
 */
export type ProblemTexts = Readonly<Record<ErrorCode, string>>
