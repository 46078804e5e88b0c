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

/** A command failed: the reason, what to do, and the exit code. */
export class CommandError extends Error {
  readonly hint: string | undefined
  readonly exitCode: ExitCode

  constructor(
    message: string,
    { hint, exitCode = FAILED, cause }: { hint?: string | undefined; exitCode?: ExitCode; cause?: unknown } = {},
  ) {
    super(message, { cause })
    this.name = 'CommandError'
    this.hint = hint
    this.exitCode = exitCode
  }
}
