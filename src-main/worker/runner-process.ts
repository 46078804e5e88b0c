import { RunnerEvent, type RunnerCommand } from '@core/protocols/runner'
import { ConsoleBuffer } from './console-buffer'
import { startConsoleProcess, type Exit } from './console-process'
import { encodeFrame, FrameDecoder } from './frames'
import { makePipes } from './pipes'
import { runnerEnvironment, type Python } from './python'

/** A runner's process with its pipes and its console. */
export interface RunnerProcess {
  readonly pid: number
  readonly console: ConsoleBuffer
  send(command: RunnerCommand): void
  kill(): void
}

export interface RunnerProcessHandlers {
  readonly event: (event: RunnerEvent) => void
  /** It sent what is no event; it is killed. */
  readonly broken: (reason: string) => void
  readonly exit: (exit: Exit) => void
}

const describe = (error: unknown): string => (error instanceof Error ? error.message.slice(0, 300) : String(error))

/** Starts `python -m muster_runner` behind its pipes. */
export const startRunnerProcess = async (
  { executable, source }: Extract<Python, { executable: string }>,
  runDir: string,
  handlers: RunnerProcessHandlers,
): Promise<RunnerProcess> => {
  const pipes = await makePipes(runDir)
  const decoder = new FrameDecoder()
  const console = new ConsoleBuffer()
  const child = await startConsoleProcess({
    file: executable,
    args: ['-m', 'muster_runner', '--pipes', pipes.directory],
    env: runnerEnvironment(source),
    cwd: pipes.directory,
  }).catch(async (error: unknown) => {
    await pipes.close()
    throw error
  })
  const kill = (): void => child.kill('SIGKILL')
  let whole = true
  const read = (chunk: Buffer): void => {
    if (!whole) return
    try {
      for (const value of decoder.push(chunk)) handlers.event(RunnerEvent.parse(value))
    } catch (error) {
      whole = false
      handlers.broken(describe(error))
      kill()
    }
  }
  pipes.events.on('data', read)
  child.onOutput((text) => console.add(text))
  child.onExit((exit) => {
    // What it wrote last may still lie in the pipe.
    setImmediate(() => {
      handlers.exit(exit)
      void pipes.close()
    })
  })
  return { pid: child.pid, console, send: (command) => void pipes.commands.write(encodeFrame(command)), kill }
}
