import { spawn } from 'node:child_process'

/** How a system program ended. Its exit code says little: some print a good answer and then fail. */
export type CommandResult =
  | { readonly ended: 'exited'; readonly stdout: string; readonly stderr: string }
  | { readonly ended: 'missing' }
  /**
   * The program did not end in time. `gone` resolves when it has ended: one that waits for a driver cannot be killed.
   */
  | { readonly ended: 'time_limit'; readonly gone: Promise<void> }

export interface CommandOptions {
  readonly timeLimitMs?: number
}

/** Runs a system program. Never rejects, and always resolves within the time limit. */
export type Execute = (path: string, args: readonly string[], options?: CommandOptions) => Promise<CommandResult>

/** Runs a system program and returns its output; undefined if it is missing, fails or takes too long. */
export type RunCommand = (
  path: string,
  args: readonly string[],
  options?: CommandOptions,
) => Promise<string | undefined>

const TIME_LIMIT_MS = 3000
/** Limit of the output that is kept; no program used here prints more. */
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
      // The program's own children may hold the pipes open: wait for them no longer, and let this process exit.
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

/** Output counts even if the program then failed: sysctl does so if one of several names is unknown. */
export const printedBy =
  (run: Execute): RunCommand =>
  async (path, args, options) => {
    const result = await run(path, args, options)
    return result.ended === 'exited' && result.stdout !== '' ? result.stdout : undefined
  }

export const runCommand: RunCommand = printedBy(execute)
