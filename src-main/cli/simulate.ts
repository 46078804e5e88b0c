import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { checkScenario } from '@core/simulation/check'
import { transcriptOf } from '@core/simulation/transcript'

const DONE = 0
const WRONG_USE = 2

export interface SimulateOptions {
  /** For people, instead of JSON lines for programs. */
  readonly trace: boolean
}

export interface SimulateStreams {
  out(text: string): Promise<void> | void
  error(text: string): void
}

const contentsOf = (path: string): Promise<string> => (path === '-' ? text(process.stdin) : readFile(path, 'utf8'))

const read = async (path: string): Promise<{ value: unknown } | { problem: string }> => {
  try {
    return { value: JSON.parse(await contentsOf(path)) }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return { problem: error instanceof SyntaxError ? `it is not JSON: ${reason}` : reason }
  }
}

/** Runs a scenario from a file, `-` for standard input. Returns the exit code: 2 for one that is not sound. */
export const simulate = async (path: string, options: SimulateOptions, streams: SimulateStreams): Promise<number> => {
  const file = await read(path)
  if ('problem' in file) {
    streams.error(`${path}: ${file.problem}\n`)
    return WRONG_USE
  }
  const checked = checkScenario(file.value)
  if (checked.status === 'unsound') {
    for (const problem of checked.problems) streams.error(`${path}: ${problem}\n`)
    return WRONG_USE
  }
  await streams.out(transcriptOf(checked.scenario, { form: options.trace ? 'trace' : 'json' }))
  return DONE
}
