import { accessSync, constants } from 'node:fs'
import { z } from 'zod'
import { RunnerEvent, type RunnerCommand } from '@core/protocols/runner'
import { ConsoleBuffer } from './console-buffer'
import { startConsoleProcess, type Exit } from './console-process'
import { encodeFrame, FrameDecoder, FrameError } from './frames'
import { makePipes } from './pipes'
import { runnerEnvironment, type Python } from './python'

/** A runner's process with its pipes and its console. */
export interface RunnerProcess {
  readonly pid: number
  readonly console: ConsoleBuffer
  send(command: RunnerCommand): void
  kill(): void
  /** Closes and removes its pipes, which also ends it. May be called again. */
  release(): Promise<void>
}

export interface RunnerProcessHandlers {
  readonly event: (event: RunnerEvent) => void
  /** It sent what is no event; it is killed. */
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
  const pipes = await makePipes(runDir)
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
  const events = (chunk: Buffer): RunnerEvent[] => {
    try {
      return decoder.push(chunk).map(parse)
    } catch (error) {
      if (!(error instanceof FrameError)) throw error
      whole = false
      handlers.broken(error.message)
      kill()
      return []
    }
  }
  pipes.events.on('data', (chunk: Buffer) => {
    if (whole) for (const event of events(chunk)) handlers.event(event)
  })
  return {
    pid: child.pid,
    console,
    send: (command) => void pipes.commands.write(encodeFrame(command)),
    kill,
    release: () => pipes.close(),
  }
}
