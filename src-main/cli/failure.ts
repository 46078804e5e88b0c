import type { CommanderError } from 'commander'
import { CommandError, FAILED, type ExitCode } from './exit-codes'
import { plain, plainJson } from './text/plain'

/** What a failed command says: as text, or with `--json` as `{"error": {"code", "message", "hint"}}`. */
export interface Failure {
  readonly code: string
  readonly message: string
  readonly hint?: string
}

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

/** Whether the working folder, which relative paths start from, was deleted or must not be read. */
const isLostFolder = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'syscall' in error && error.syscall === 'uv_cwd'

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'failed'

/** What went wrong and, if known, what to do. */
export const failureOf = (error: unknown): Failure => {
  if (isExplained(error)) return { code: codeOf(error), message: error.message, hint: error.hint }
  if (error instanceof CommandError) return { code: error.code, message: error.message }
  if (isRefusedWrite(error))
    return {
      code: codeOf(error),
      message: `The output cannot be written: ${error.message}`,
      hint: 'Check its destination.',
    }
  if (isLostFolder(error))
    return {
      code: codeOf(error),
      message: `The folder that this was started in cannot be found: ${error.message}`,
      hint: 'Change to one that exists, or give whole paths.',
    }
  // A fault of this program: its place in the source is needed to report it.
  return { code: 'internal_error', message: error instanceof Error ? (error.stack ?? error.message) : String(error) }
}

/** Wrong use, found by commander: `error: unknown command 'lgs'`, a line break and `(Did you mean logs?)`. */
export const wrongUseOf = ({ message }: CommanderError): Failure => {
  const [first = '', ...rest] = message.split('\n')
  const hint = rest.join(' ').replace(/^\((.*)\)$/, '$1') || '`muster COMMAND --help` has examples.'
  return { code: 'wrong_use', message: first.replace(/^error: /, ''), hint }
}

/** A failure for the terminal. */
export const failureText = ({ message, hint }: Failure): string =>
  plain(hint === undefined ? message : `${message}\n${hint}`)

/** A failure for programs, on one line. */
export const failureJson = (failure: Failure): string => plainJson({ error: failure })

/** The exit code for an error. */
export const failureCode = (error: unknown): ExitCode => (error instanceof CommandError ? error.exitCode : FAILED)

/** EPIPE: the reader closed the pipe, as `head` does. Not a failure. */
export const isClosedPipe = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'EPIPE'
