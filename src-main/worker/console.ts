/** How a process ended. */
export interface Exit {
  readonly code: number | undefined
  readonly signal: NodeJS.Signals | undefined
}

/** A process whose console is read. */
export interface ConsoleProcess {
  readonly pid: number
  /** Does nothing once it has ended: its pid may by then be somebody else's. */
  kill(signal: NodeJS.Signals): void
}

export interface ConsoleProcessOptions {
  readonly file: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  /** Of the pseudo-terminal. */
  readonly columns?: number
  readonly rows?: number
  readonly onOutput: (text: string) => void
  /** Called once, never before the process has been handed out. */
  readonly onExit: (exit: Exit) => void
}
