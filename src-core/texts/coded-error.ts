import type { CodedText } from './coded'
import { inEnglish } from './english'

/** An error with a message for people, kept as a code with values; `message` is its English text. */
export class CodedError extends Error {
  constructor(
    readonly coded: CodedText,
    options?: ErrorOptions,
  ) {
    super(inEnglish(coded), options)
    this.name = 'CodedError'
  }
}

/** Returns an error's coded message; its plain message if it has none. */
export const textOfError = (error: unknown): CodedText | string => {
  if (error instanceof CodedError) return error.coded
  return error instanceof Error ? error.message : String(error)
}
