import { accessSync, constants } from 'node:fs'
import { z } from 'zod'
import { RunnerEvent, type RunnerCommand } from '@core/protocols/runner'
import { ConsoleBuffer } from './console-buffer'
import { startConsoleProcess, type Exit } from './console-process'
import { encodeFrame, FrameDecoder, FrameError } from './frames'
import { makePipes } from './pipes'
import { runnerEnvironment, type Python } from './python'
import { encodeRound, RoundDecoder } from './round-frames'

/** A runner's process with its pipes and its console. */
export interface RunnerProcess {
  readonly pid: number
  readonly console: ConsoleBuffer
  send(command: RunnerCommand): void
  /** Every rank's part of the round it waits for, in rank order. */
  answer(parts: readonly Buffer[]): void
  kill(): void
  /** Closes and removes its pipes, which also ends it. May be called again. */
  release(): Promise<void>
}

export interface RunnerProcessHandlers {
  readonly event: (event: RunnerEvent) => void
  /** It asks for a round of its side channel, and gives its part. Without this it has no side channel. */
  readonly round?: ((part: Buffer) => void) | undefined
  /** It sent what it must not; nothing more is taken from it. */
  readonly broken: (reason: string) => void
  readonly exit: (exit: Exit) => void
}

const checkExecutable = (path: string): void => {
  try {
    accessSync(path, constants.X_OK)
  } catch (cause) {
    throw new Error(`${path} is not there or cannot be executed. Start Muster with \`npm start\`, which makes it`, {
      cause,
    })
  }
}

/** Throws FrameError for what is no event. */
const parse = (value: unknown): RunnerEvent => {
  const parsed = RunnerEvent.safeParse(value)
  if (parsed.success) return parsed.data
  const why = z.prettifyError(parsed.error).replaceAll(/\s+/g, ' ').slice(0, 300)
  throw new FrameError(`the runner sent an event that the protocol does not know: ${why}`)
}

/** Starts `python -m muster_runner` behind its pipes. */
export const startRunnerProcess = async (
  { executable, source }: Extract<Python, { executable: string }>,
  runDir: string,
  handlers: RunnerProcessHandlers,
): Promise<RunnerProcess> => {
  checkExecutable(executable)
  const { round } = handlers
  const pipes = await makePipes(runDir, { sideChannel: round !== undefined })
  const decoder = new FrameDecoder()
  const console = new ConsoleBuffer()
  const child = await startConsoleProcess({
    file: executable,
    args: ['-m', 'muster_runner', '--pipes', pipes.directory],
    env: runnerEnvironment(source),
    cwd: pipes.directory,
    onOutput: (text) => console.add(text),
    // What it wrote last may still lie in the pipe.
    onExit: (exit) => void setImmediate(() => handlers.exit(exit)),
  }).catch(async (error: unknown) => {
    await pipes.close()
    throw error
  })
  const kill = (): void => child.kill('SIGKILL')
  let whole = true
  /** What a chunk holds; nothing of it, and nothing more, once something was wrong. */
  const taken = <Item>(take: () => Item[]): Item[] => {
    try {
      return whole ? take() : []
    } catch (error) {
      if (!(error instanceof FrameError)) throw error
      whole = false
      handlers.broken(error.message)
      return []
    }
  }
  pipes.events.on('data', (chunk: Buffer) => {
    for (const event of taken(() => decoder.push(chunk).map(parse))) handlers.event(event)
  })
  let released = false
  for (const end of Object.values(pipes.sideChannel ?? {})) {
    end.once('close', () => {
      if (!released) handlers.broken('the side channel of RDMA broke')
    })
  }
  const rounds = new RoundDecoder()
  pipes.sideChannel?.out.on('data', (chunk: Buffer) => {
    for (const part of taken(() => rounds.push(chunk))) round?.(part)
  })
  return {
    pid: child.pid,
    console,
    send: (command) => void pipes.commands.write(encodeFrame(command)),
    answer: (parts) => void pipes.sideChannel?.in.write(encodeRound(parts)),
    kill,
    release: () => {
      released = true
      return pipes.close()
    },
  }
}
