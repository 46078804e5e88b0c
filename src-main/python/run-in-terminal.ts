/** Starts a program under a terminal of that many columns. */
export type StartProcess = (options: {
  readonly file: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  readonly columns: number
  readonly rows: number
  readonly onOutput: (text: string) => void
  readonly onExit: (exit: { readonly code: number | undefined }) => void
}) => Promise<{ kill(signal: NodeJS.Signals): void }>

export interface Running {
  /** Exit code; undefined if a signal ended it. */
  readonly ended: Promise<number | undefined>
  kill(): void
}

/** As wide as the terminal in the app. */
const SIZE = { columns: 80, rows: 24 }
/** Time for a graceful end before it is killed. */
const KILL_AFTER_MS = 5000

export const runInTerminal = async (
  start: StartProcess,
  program: Omit<Parameters<StartProcess>[0], 'columns' | 'rows' | 'onExit'>,
): Promise<Running> => {
  let exited: (code: number | undefined) => void = () => undefined
  const ended = new Promise<number | undefined>((resolve) => (exited = resolve))
  const child = await start({ ...program, ...SIZE, onExit: ({ code }) => exited(code) })
  return {
    ended,
    kill: () => {
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS)
      void ended.finally(() => clearTimeout(timer))
    },
  }
}
