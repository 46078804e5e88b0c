import { CommandError, FAILED, type ExitCode } from './exit-codes'
import { plain } from './text/plain'

/** An error with a hint, as thrown by all parts of a node. */
interface Explained {
  readonly message: string
  readonly hint: string
}

const isExplained = (error: unknown): error is Explained =>
  error instanceof Error && 'hint' in error && typeof error.hint === 'string'

/** Whether writing output failed, such as with ENOSPC on a full disk. */
const isRefusedWrite = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'syscall' in error && error.syscall === 'write' && 'code' in error

const textOf = (error: unknown): string => {
  if (isExplained(error)) return `${error.message}\n${error.hint}`
  if (error instanceof CommandError) return error.message
  if (isRefusedWrite(error)) return `The output cannot be written: ${error.message}\nCheck its destination.`
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

/** Formats an error for the terminal: what happened and, if known, what to do. */
export const failureText = (error: unknown): string => plain(textOf(error))

/** The exit code for an error. */
export const failureCode = (error: unknown): ExitCode => (error instanceof CommandError ? error.exitCode : FAILED)

/** EPIPE: the reader closed the pipe, as `head` does. Not a failure. */
export const isClosedPipe = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'EPIPE'
