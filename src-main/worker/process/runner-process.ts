import { accessSync, constants } from 'node:fs'
import { dirname, join } from 'node:path'
import type { RunnerCommand, RunnerEvent } from '@core/protocols/runner'
import { ConsoleBuffer, type Console } from './console-buffer'
import { startConsoleProcess } from './console-process'
import type { Exit } from './console'
import { readEvents } from './event-reader'
import { CommandWriter } from './command-writer'
import { FrameError } from './frames'
import { makePipes } from './pipes'
import { runnerEnvironment, type Python } from './python'
import { encodeRound, RoundDecoder } from './round-frames'

/** A runner's process with its pipes and its console. */
export interface RunnerProcess {
  readonly pid: number
  readonly console: Console
  /** The folder of its pipes. */
  readonly directory: string
  send(command: RunnerCommand): void
  /** Answers the pending round with the parts of all ranks, in rank order. */
  answer(parts: readonly Buffer[]): void
  kill(): void
  /** Closes this side of the pipes and keeps everything else for the next node process. */
  leave(): void
  /** Closes and removes the pipes, which also ends the runner. Idempotent. */
  release(): Promise<void>
}

export interface RunnerProcessHandlers {
  readonly event: (event: RunnerEvent) => void
  /** The runner starts a round of its side channel with its part. Without this handler it has no side channel. */
  readonly round?: ((part: Buffer) => void) | undefined
  /** The runner broke the protocol; nothing more is read from it. */
  readonly broken: (reason: string) => void
  readonly exit: (exit: Exit) => void
}

const checkExecutable = (path: string): void => {
  try {
    accessSync(path, constants.X_OK)
  } catch (cause) {
    throw new Error(`${path} does not exist or is not executable. Start Muster with \`npm start\`, which creates it`, {
      cause,
    })
  }
}

/** Starts `python -m muster_runner` with its pipes. */
export const startRunnerProcess = async (
  { executable, source }: Extract<Python, { executable: string }>,
  runDir: string,
  handlers: RunnerProcessHandlers,
): Promise<RunnerProcess> => {
  checkExecutable(executable)
  const { round } = handlers
  const pipes = await makePipes(runDir, { sideChannel: round !== undefined })
  const console = new ConsoleBuffer()
  const child = await startConsoleProcess({
    file: executable,
    args: ['-m', 'muster_runner', '--pipes', pipes.directory],
    env: runnerEnvironment(source, join(dirname(runDir), 'kernels')),
    cwd: pipes.directory,
    onOutput: (text) => console.add(text),
    // Deferred, because its last events may still be in the pipe.
    onExit: (exit) => void setImmediate(() => handlers.exit(exit)),
  }).catch(async (error: unknown) => {
    await pipes.close()
    throw error
  })
  const kill = (): void => child.kill('SIGKILL')
  readEvents(pipes.events, handlers)
  let released = false
  for (const end of Object.values(pipes.sideChannel ?? {})) {
    end.once('close', () => {
      if (!released) handlers.broken('the side channel of RDMA broke')
    })
  }
  const commands = new CommandWriter(pipes.commands, handlers.event)
  const rounds = new RoundDecoder()
  pipes.sideChannel?.out.on('data', (chunk: Buffer) => {
    try {
      for (const part of rounds.push(chunk)) round?.(part)
    } catch (error) {
      if (!(error instanceof FrameError)) throw error
      pipes.sideChannel?.out.removeAllListeners('data')
      handlers.broken(error.message)
    }
  })
  return {
    pid: child.pid,
    console,
    directory: pipes.directory,
    send: (command) => commands.send(command),
    answer: (parts) => void pipes.sideChannel?.in.write(encodeRound(parts)),
    kill,
    leave: () => {
      released = true
      pipes.leave()
    },
    release: () => {
      released = true
      return pipes.close()
    },
  }
}
