import { execFile } from 'node:child_process'
import { constants, closeSync, openSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { Socket } from 'node:net'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { removeBelow } from '../../disk/removal'

const run = promisify(execFile)

/** The named pipes of one runner, in a folder that only this user can enter. */
export interface RunnerPipes {
  readonly directory: string
  readonly commands: Socket
  readonly events: Socket
  /** Rounds of the RDMA side channel, in both directions. */
  readonly sideChannel: { readonly out: Socket; readonly in: Socket } | undefined
  /** Closes this process's ends and leaves the pipes in place. */
  leave(): void
  close(): Promise<void>
}

/**
 * `O_RDWR`: opening a FIFO then does not block until the other side opens it, and reading sees no premature end of
 * file. Non-blocking, so that it occupies none of libuv's few threads.
 */
const openEnd = (path: string, direction: 'readable' | 'writable', mode: number = constants.O_RDWR): Socket => {
  const fd = openSync(path, mode | constants.O_NONBLOCK)
  try {
    return new Socket({ fd, readable: direction === 'readable', writable: direction === 'writable' })
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

/** The direction of each pipe as the supervisor uses it. */
const DIRECTIONS = {
  commands: 'writable',
  events: 'readable',
  'side-channel-out': 'readable',
  'side-channel-in': 'writable',
} as const
type Pipe = keyof typeof DIRECTIONS

/** Creates the pipes; if one cannot be opened, removes all again. Throws the system's error. */
export const makePipes = async (
  runDir: string,
  { sideChannel }: { readonly sideChannel: boolean },
): Promise<RunnerPipes> => {
  // mkdtemp uses mode 0700.
  const directory = await mkdtemp(join(runDir, 'runner-'))
  const opened: Socket[] = []
  const open = (name: Pipe): Socket => {
    const end = openEnd(join(directory, name), DIRECTIONS[name])
    // Ignore write errors: a broken pipe means that the runner ended, which its process reports better.
    end.on('error', () => undefined)
    opened.push(end)
    return end
  }
  const leave = (): void => {
    for (const end of opened) end.destroy()
  }
  const close = async (): Promise<void> => {
    leave()
    await removeBelow(runDir, [basename(directory)])
  }
  const names: Pipe[] = [
    'commands',
    'events',
    ...(sideChannel ? (['side-channel-out', 'side-channel-in'] as const) : []),
  ]
  try {
    await run('mkfifo', ['-m', '600', ...names.map((name) => join(directory, name))])
    return {
      directory,
      commands: open('commands'),
      events: open('events'),
      sideChannel: sideChannel ? { out: open('side-channel-out'), in: open('side-channel-in') } : undefined,
      leave,
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/**
 * Opens the pipes of a runner that another process started and that has its own ends open. Each end is opened in one
 * direction only, so `events` ends when the runner does.
 *
 * @throws the system's error; `ENXIO` if no runner reads its commands any more
 */
export const openPipesOf = (directory: string): Pick<RunnerPipes, 'commands' | 'events' | 'leave'> => {
  const commands = openEnd(join(directory, 'commands'), 'writable', constants.O_WRONLY)
  try {
    const events = openEnd(join(directory, 'events'), 'readable', constants.O_RDONLY)
    for (const end of [commands, events]) end.on('error', () => undefined)
    const leave = (): void => {
      commands.destroy()
      events.destroy()
    }
    return { commands, events, leave }
  } catch (error) {
    commands.destroy()
    throw error
  }
}
