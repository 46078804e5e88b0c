import { spawn } from 'node:child_process'
import type { ConsoleProcess, ConsoleProcessOptions, Exit } from './console'
import { loadTerminal, underTerminal, type Terminal } from './pseudo-terminal'

/** How long to wait for output after exit: it may arrive late, and a child process may hold the pipe open for ever. */
const LAST_OUTPUT_MS = 100

const overPipes = ({ file, args, env, cwd, onOutput, onExit }: ConsoleProcessOptions): ConsoleProcess => {
  const child = spawn(file, [...args], { env: { ...env }, cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  let over = false
  const end = (exit: Exit): void => {
    if (over) return
    over = true
    onExit(exit)
  }
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', onOutput)
  child.on('exit', (code, signal) => {
    const exit = { code: code ?? undefined, signal: signal ?? undefined }
    const timer = setTimeout(() => end(exit), LAST_OUTPUT_MS)
    child.once('close', () => {
      clearTimeout(timer)
      end(exit)
    })
  })
  child.on('error', (error) => {
    onOutput(`${error.message}\n`)
    end({ code: 127, signal: undefined })
  })
  return { pid: child.pid ?? 0, kill: (signal) => void child.kill(signal) }
}

/**
 * Starts a process under a pseudo-terminal, so that it prints what it prints for people; over plain pipes if none is
 * available.
 */
export const startConsoleProcess = async (
  options: ConsoleProcessOptions,
  terminal: Promise<Terminal | undefined> = loadTerminal(),
): Promise<ConsoleProcess> => {
  const found = await terminal
  if (!found) return overPipes(options)
  try {
    return underTerminal(found, options)
  } catch (error) {
    // Running without a terminal is better than not running.
    options.onOutput(`(without a terminal: ${error instanceof Error ? error.message : String(error)})\n`)
    return overPipes(options)
  }
}
