import { execFile } from 'node:child_process'
import { constants, closeSync, openSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { Socket } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** The two named pipes of one runner, in a folder that only this user can enter. */
export interface RunnerPipes {
  readonly directory: string
  readonly commands: Socket
  readonly events: Socket
  close(): Promise<void>
}

/**
 * Opened for reading and writing, an end never waits for the other one and never sees an early end of
 * file; without blocking, it needs none of libuv's few threads.
 */
const openEnd = (path: string, direction: 'readable' | 'writable'): Socket => {
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
  try {
    return new Socket({ fd, readable: direction === 'readable', writable: direction === 'writable' })
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

export const makePipes = async (runDir: string): Promise<RunnerPipes> => {
  // mkdtemp makes it with mode 0700.
  const directory = await mkdtemp(join(runDir, 'runner-'))
  const paths = { commands: join(directory, 'commands'), events: join(directory, 'events') }
  await run('mkfifo', ['-m', '600', paths.commands, paths.events])
  const commands = openEnd(paths.commands, 'writable')
  const events = openEnd(paths.events, 'readable')
  // A broken pipe is the runner's end, which its process reports better.
  commands.on('error', () => undefined)
  events.on('error', () => undefined)
  return {
    directory,
    commands,
    events,
    close: async () => {
      commands.destroy()
      events.destroy()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
