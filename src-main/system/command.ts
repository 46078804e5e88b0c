import { spawn } from 'node:child_process'

/** How a program of the system ended. Its exit code says little: some answer well and exit badly. */
export type CommandResult =
  | { readonly ended: 'exited'; readonly stdout: string; readonly stderr: string }
  | { readonly ended: 'missing' }
  /** Nothing came in time. `gone` resolves when it has really ended: a program that waits for a driver cannot be killed. */
  | { readonly ended: 'time_limit'; readonly gone: Promise<void> }

export interface CommandOptions {
  readonly timeLimitMs?: number
}

/** Runs a program of the system and tells how it went. Never rejects, and always resolves within the time limit. */
export type Execute = (path: string, args: readonly string[], options?: CommandOptions) => Promise<CommandResult>

/** Runs a program of the system and gives what it printed; undefined where it is missing, fails or takes too long. */
export type RunCommand = (
  path: string,
  args: readonly string[],
  options?: CommandOptions,
) => Promise<string | undefined>

const TIME_LIMIT_MS = 3000
/** More than any of these programs prints. */
const MOST_CHARACTERS = 4 * 1024 * 1024

export const execute: Execute = (path, args, { timeLimitMs = TIME_LIMIT_MS } = {}) =>
  new Promise((resolve) => {
    const child = spawn(path, [...args], { stdio: ['ignore', 'pipe', 'pipe'], env: { LC_ALL: 'C' } })
    const printed = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (text: string) => {
        if (printed[name].length < MOST_CHARACTERS) printed[name] += text
      })
    const gone = new Promise<void>((ended) => child.once('close', () => ended()))
    const late = setTimeout(() => {
      child.kill('SIGKILL')
      // What a child of its own holds open would keep us waiting, and it must not keep this process from ending.
      child.stdout.destroy()
      child.stderr.destroy()
      child.unref()
      resolve({ ended: 'time_limit', gone })
    }, timeLimitMs)
    child.once('error', () => {
      clearTimeout(late)
      resolve({ ended: 'missing' })
    })
    child.once('close', () => {
      clearTimeout(late)
      resolve({ ended: 'exited', ...printed })
    })
  })

/** A program that fails after it printed something (sysctl, of whose names one is unknown) has answered all the same. */
export const printedBy =
  (run: Execute): RunCommand =>
  async (path, args, options) => {
    const result = await run(path, args, options)
    return result.ended === 'exited' && result.stdout !== '' ? result.stdout : undefined
  }

export const runCommand: RunCommand = printedBy(execute)
