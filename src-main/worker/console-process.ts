import { spawn } from 'node:child_process'
import { signalName } from './signals'

/** How a process ended. */
export interface Exit {
  readonly code: number | undefined
  readonly signal: NodeJS.Signals | undefined
}

/** A process whose console is read. */
export interface ConsoleProcess {
  readonly pid: number
  kill(signal: NodeJS.Signals): void
  onOutput(listener: (text: string) => void): void
  /** Once; at once where it has ended already. */
  onExit(listener: (exit: Exit) => void): void
}

export interface ConsoleProcessOptions {
  readonly file: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
}

const send = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended; its exit is on its way.
  }
}

const underTerminal = (
  pty: typeof import('node-pty'),
  { file, args, env, cwd }: ConsoleProcessOptions,
): ConsoleProcess => {
  const child = pty.spawn(file, [...args], { env: { ...env }, cwd, cols: 120, rows: 40 })
  let ended: Exit | undefined
  const listeners: ((exit: Exit) => void)[] = []
  child.onExit(({ exitCode, signal }) => {
    ended = signal ? { code: undefined, signal: signalName(signal) } : { code: exitCode, signal: undefined }
    for (const listener of listeners) listener(ended)
  })
  return {
    pid: child.pid,
    kill: (signal) => send(child.pid, signal),
    onOutput: (listener) => void child.onData(listener),
    onExit: (listener) => void (ended ? listener(ended) : listeners.push(listener)),
  }
}

const overPipes = ({ file, args, env, cwd }: ConsoleProcessOptions): ConsoleProcess => {
  const child = spawn(file, [...args], { env: { ...env }, cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  let ended: Exit | undefined
  const listeners: ((exit: Exit) => void)[] = []
  const end = (exit: Exit): void => {
    if (ended) return
    ended = exit
    for (const listener of listeners) listener(exit)
  }
  child.on('exit', (code, signal) => end({ code: code ?? undefined, signal: signal ?? undefined }))
  child.on('error', () => end({ code: 127, signal: undefined }))
  return {
    pid: child.pid ?? 0,
    kill: (signal) => void child.kill(signal),
    onOutput: (listener) => {
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (data: Buffer) => listener(data.toString('utf8')))
    },
    onExit: (listener) => void (ended ? listener(ended) : listeners.push(listener)),
  }
}

let terminal: Promise<typeof import('node-pty') | undefined> | undefined

/** node-pty is compiled where it is installed, and may be missing. */
const loadTerminal = (): Promise<typeof import('node-pty') | undefined> => {
  terminal ??= import('node-pty').catch(() => undefined)
  return terminal
}

/** Starts a process under a pseudo-terminal, so that it prints as to a person; over plain pipes where there is none. */
export const startConsoleProcess = async (options: ConsoleProcessOptions): Promise<ConsoleProcess> => {
  const pty = await loadTerminal()
  return pty ? underTerminal(pty, options) : overPipes(options)
}
