import { spawn } from 'node-pty'
import { cli, required } from './paths'
import { musterEnvironment, type MusterOptions } from './muster'
import { PATIENCE_MS } from './patience'

/** `muster` in a terminal, as for a person. */
export interface TerminalSession {
  /** All output, including escape sequences. */
  screen(): string
  type(text: string): void
  /** Resolves when the output after the last match contains the text. */
  shows(pattern: RegExp, timeoutMs?: number): Promise<void>
  readonly exited: Promise<number>
  kill(): void
}

export const CTRL_C = '\u0003'
export const CTRL_D = '\u0004'

export const musterInTerminal = (
  { columns = 80, ...options }: MusterOptions & { readonly columns?: number },
  ...args: string[]
): TerminalSession => {
  const terminal = spawn(process.execPath, [required(cli, 'run `npm run build`'), ...args], {
    cols: columns,
    rows: 40,
    name: 'xterm-256color',
    env: musterEnvironment(options),
  })
  let screen = ''
  let seen = 0
  const watchers = new Set<() => void>()
  terminal.onData((data) => {
    screen += data
    for (const watch of watchers) watch()
  })
  return {
    screen: () => screen,
    type: (text) => terminal.write(text),
    shows: (pattern, timeoutMs = PATIENCE_MS) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = pattern.exec(screen.slice(seen))
          if (!found) return
          seen += found.index + found[0].length
          watchers.delete(look)
          clearTimeout(timer)
          resolve()
        }
        const timer = setTimeout(() => {
          watchers.delete(look)
          reject(new Error(`the screen does not show ${String(pattern)}: ${JSON.stringify(screen.slice(seen))}`))
        }, timeoutMs)
        watchers.add(look)
        look()
      }),
    exited: new Promise((resolve) => terminal.onExit(({ exitCode }) => resolve(exitCode))),
    kill: () => terminal.kill('SIGKILL'),
  }
}
