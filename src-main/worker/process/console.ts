/** How a process ended. */
export interface Exit {
  readonly code: number | undefined
  readonly signal: NodeJS.Signals | undefined
}

/** A process with its output. */
export interface ConsoleProcess {
  readonly pid: number
  /** Does nothing once the process has ended: its pid may have been reused. */
  kill(signal: NodeJS.Signals): void
}

export interface ConsoleProcessOptions {
  readonly file: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  /** Columns and rows of the pseudo-terminal. */
  readonly columns?: number
  readonly rows?: number
  readonly onOutput: (text: string) => void
  /** Called once, never before the process has been returned to the caller. */
  readonly onExit: (exit: Exit) => void
}
