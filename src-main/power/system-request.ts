import { spawn } from 'node:child_process'

/** A request to the system not to sleep by itself. */
export interface SleepRequest {
  /** Calls the listener once when the system no longer honours the request, or never did. */
  readonly onLost: (listener: () => void) => void
  readonly release: () => void
}

/** Asks the system not to sleep by itself; it may show `why` to people. */
export type PreventSleep = (why: string) => SleepRequest

interface Program {
  readonly file: string
  readonly args: readonly string[]
}

/** The program that holds a request while it runs; undefined if the system has none. */
export const requestProgram = (platform: NodeJS.Platform, pid: number, why: string): Program | undefined => {
  switch (platform) {
    case 'darwin':
      // Idle sleep only, and no longer than this process lives.
      return { file: '/usr/bin/caffeinate', args: ['-i', '-w', String(pid)] }
    case 'linux':
      // Its child reads from this process's pipe, which closes with it.
      return {
        file: 'systemd-inhibit',
        args: ['--what=idle:sleep', '--mode=block', '--who=Muster', `--why=${why}`, 'cat'],
      }
    default:
      return undefined
  }
}

/** For a node without a window: a system program holds the request. */
export const bySystemProgram =
  (
    programFor: (why: string) => Program | undefined = (why) => requestProgram(process.platform, process.pid, why),
  ): PreventSleep =>
  (why) => {
    const listeners = new Set<() => void>()
    let released = false
    const lost = (): void => {
      if (released) return
      released = true
      for (const listener of listeners) listener()
    }
    const program = programFor(why)
    if (program === undefined) queueMicrotask(lost)
    const child = program && spawn(program.file, [...program.args], { stdio: ['pipe', 'ignore', 'ignore'] })
    child?.once('error', lost)
    child?.once('exit', lost)
    // Ignore write errors: the program has already ended.
    child?.stdin.on('error', () => undefined)
    return {
      onLost: (listener) => void listeners.add(listener),
      release: () => {
        released = true
        child?.stdin.end()
        child?.kill()
      },
    }
  }
