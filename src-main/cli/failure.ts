import { CommandError, FAILED, type ExitCode } from './exit-codes'
import { plain } from './text/plain'

/** An error that says what to do, as all parts of a node throw them. */
interface Explained {
  readonly message: string
  readonly hint: string
}

const isExplained = (error: unknown): error is Explained =>
  error instanceof Error && 'hint' in error && typeof error.hint === 'string'

const textOf = (error: unknown): string => {
  if (isExplained(error)) return `${error.message}\n${error.hint}`
  if (error instanceof CommandError) return error.message
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

/** What a person reads on the terminal: what happened, and what to do where that is known. */
export const failureText = (error: unknown): string => plain(textOf(error))

/** How the process ends with it. */
export const failureCode = (error: unknown): ExitCode => (error instanceof CommandError ? error.exitCode : FAILED)

/** Whoever read the output wants no more of it, as `head` does. That is no failure. */
export const isClosedPipe = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'EPIPE'
