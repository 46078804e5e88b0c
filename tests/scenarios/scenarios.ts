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

/** Where the log for people lies that the scenario's run must give. */
export const transcriptPath = (name: string): string => pathOf(name, '.txt')

/** Throws where the file is no scenario. */
export const readScenario = (name: string): Scenario => {
  const checked = checkScenario(JSON.parse(readFileSync(pathOf(name, '.json'), 'utf8')))
  if (checked.status === 'unsound') throw new Error(`${name}: ${checked.problems.join('; ')}`)
  return checked.scenario
}
