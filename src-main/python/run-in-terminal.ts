/** Starts a program whose output is shown as in a terminal, of so many columns. */
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
  /** Its exit code; undefined where a signal ended it. */
  readonly ended: Promise<number | undefined>
  kill(): void
}

/** As wide as the terminal in the app. */
const SIZE = { columns: 80, rows: 24 }
/** A program that does not end when it is asked to is ended. */
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
