import { readFileSync } from 'node:fs'
import { checkScenario } from '@core/simulation/check'
import { trace } from '@core/simulation/trace'
import { transcript } from '@core/simulation/transcript'

export interface SimulateOptions {
  /** Print a log for people instead of JSON lines. */
  readonly trace: boolean
}

/** A scenario that cannot be run; the message says what is wrong with it. */
export class ScenarioError extends Error {
  override readonly name = 'ScenarioError'
}

const read = (path: string): unknown => {
  let text: string
  try {
    text = readFileSync(path === '-' ? 0 : path, 'utf8')
  } catch (cause) {
    throw new ScenarioError(`${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`)
  }
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new ScenarioError(`${path} is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`)
  }
}

/** Runs the scenario in a file, `-` for standard input. Throws ScenarioError before anything is printed. */
export const simulate = (path: string, options: SimulateOptions): void => {
  const checked = checkScenario(read(path))
  if (checked.status === 'wrong') throw new ScenarioError(`${path}: ${checked.problem}`)
  const lines = options.trace ? trace(checked.scenario) : transcript(checked.scenario)
  process.stdout.write(`${lines.join('\n')}\n`)
}
