import { execFile } from 'node:child_process'

/** Runs a program of the system and gives what it printed; undefined where it is missing, fails or takes too long. */
export type RunCommand = (path: string, args: readonly string[]) => Promise<string | undefined>

const TIME_LIMIT_MS = 3000

/** A program that fails after it printed something (sysctl, of whose names one is unknown) has answered all the same. */
export const runCommand: RunCommand = (path, args) =>
  new Promise((resolve) => {
    execFile(
      path,
      [...args],
      { timeout: TIME_LIMIT_MS, killSignal: 'SIGKILL', encoding: 'utf8', env: { LC_ALL: 'C' } },
      (error, stdout) => resolve(stdout === '' || error?.killed === true ? undefined : stdout),
    )
  })
