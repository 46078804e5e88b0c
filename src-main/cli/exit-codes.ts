/** Exit codes of `muster`, documented in docs/cli.md. */
export const DONE = 0
export const FAILED = 1
export const WRONG_USE = 2
/** No node answers in time. */
export const UNREACHABLE = 3
/** The node has nothing with that name. */
export const NOT_FOUND = 4

/** A program to start is not installed; the same code as in shells. */
export const NO_PROGRAM = 127

export type ExitCode =
  typeof DONE | typeof FAILED | typeof WRONG_USE | typeof UNREACHABLE | typeof NOT_FOUND | typeof NO_PROGRAM

/** What an exit code is called in the JSON of an error. */
const NAMES: Readonly<Record<ExitCode, string>> = {
  [DONE]: 'done',
  [FAILED]: 'failed',
  [WRONG_USE]: 'wrong_use',
  [UNREACHABLE]: 'unreachable',
  [NOT_FOUND]: 'not_found',
  [NO_PROGRAM]: 'no_program',
}

interface CommandErrorOptions {
  readonly hint?: string | undefined
  readonly exitCode?: ExitCode
  /** For programs; default: the name of the exit code. A refusal of the node keeps the node's code. */
  readonly code?: string | undefined
  readonly cause?: unknown
}

/** A command failed: the reason, what to do, and the exit code. */
export class CommandError extends Error {
  readonly hint: string | undefined
  readonly exitCode: ExitCode
  readonly code: string

  constructor(message: string, { hint, exitCode = FAILED, code, cause }: CommandErrorOptions = {}) {
    super(message, { cause })
    this.name = 'CommandError'
    this.hint = hint
    this.exitCode = exitCode
    this.code = code ?? NAMES[exitCode]
  }
}

/** The user answered a question with no. */
export const declined = (message: string): CommandError => new CommandError(message, { code: 'declined' })
