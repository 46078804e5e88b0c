import { execFile } from 'node:child_process'

/** The outcome of commands that a person had to allow. */
export type Allowed =
  | { readonly outcome: 'done' }
  | { readonly outcome: 'declined' }
  | { readonly outcome: 'failed'; readonly message: string }

export interface Task {
  readonly commands: readonly string[]
  /** The prompt above macOS's fields for name and password. */
  readonly prompt: string
  /** Whether a failing command stops the ones after it. */
  readonly stopAtFailure: boolean
}

export type AsAdministrator = (task: Task) => Promise<Allowed>

/** The only command forms that may reach a shell: the last check, after all others. */
const ALLOWED =
  /^(?:\/sbin\/ifconfig bridge\d{1,3} (?:addm|deletem) en\d{1,3}|\/usr\/sbin\/ipconfig set en\d{1,3} (?:DHCP|NONE))$/
const PROMPT = /^[A-Za-z0-9 .,]{1,200}$/

/** A person may take a while to fetch an administrator. */
const TIME_LIMIT_MS = 10 * 60_000
/** AppleScript's error number for Cancel. */
const CANCELLED = '(-128)'

/** Builds the AppleScript. Throws for commands of any other form. */
export const scriptFor = ({ commands, prompt, stopAtFailure }: Task): string => {
  const foreign = commands.find((command) => !ALLOWED.test(command))
  if (foreign !== undefined || commands.length === 0 || !PROMPT.test(prompt))
    throw new Error(`Refused to run as administrator: ${foreign ?? 'nothing to run'}`)
  const line = commands.join(stopAtFailure ? ' && ' : '; ')
  return `do shell script "${line}" with prompt "${prompt}" with administrator privileges`
}

/** Runs commands as administrator, after macOS asked the person at this Mac. */
export const asAdministrator =
  ({ osascript = '/usr/bin/osascript' }: { readonly osascript?: string } = {}): AsAdministrator =>
  (task) =>
    new Promise((resolve) => {
      execFile(
        osascript,
        ['-e', scriptFor(task)],
        { timeout: TIME_LIMIT_MS, killSignal: 'SIGKILL', encoding: 'utf8', env: { LC_ALL: 'C' } },
        (error, _stdout, stderr) => {
          if (!error) resolve({ outcome: 'done' })
          else if (stderr.includes(CANCELLED)) resolve({ outcome: 'declined' })
          else
            resolve({
              outcome: 'failed',
              message: error.killed ? 'nobody answered in time' : stderr.trim() || error.message,
            })
        },
      )
    })
