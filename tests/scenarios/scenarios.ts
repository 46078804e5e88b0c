import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkScenario } from '@core/simulation/check'
import type { Scenario } from '@core/simulation/scenario'

/** Names of all scenarios: their paths here, without `.json`. */
export const scenarioNames = (): string[] =>
  readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.json'))
    .map((path) => path.slice(0, -'.json'.length).replaceAll('\\', '/'))
    .sort()

const pathOf = (name: string, ending: string): string => join(import.meta.dirname, `${name}${ending}`)

/** Path of the transcript that the scenario's run must produce. */
export const transcriptPath = (name: string): string => pathOf(name, '.txt')

/** Throws if the file is not a valid scenario. */
export const readScenario = (name: string): Scenario => {
  const checked = checkScenario(JSON.parse(readFileSync(pathOf(name, '.json'), 'utf8')))
  if (checked.status === 'unsound') throw new Error(`${name}: ${checked.problems.join('; ')}`)
  return checked.scenario
}
