import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { simulate } from '@main/simulation/simulate'
import { transcriptOf } from '@main/simulation/transcript'
import { State } from '@core/state/state'
import { readScenario, scenarioNames, transcriptPath } from './scenarios'

describe('scenarios', () => {
  it.each(scenarioNames())('%s goes as its transcript says', async (name) => {
    expect(await transcriptOf(readScenario(name), { form: 'trace' })).toBe(readFileSync(transcriptPath(name), 'utf8'))
  })

  it.each(scenarioNames())('%s tells the same, to the byte, every time', async (name) => {
    const scenario = readScenario(name)
    expect(await transcriptOf(scenario, { form: 'json' })).toBe(await transcriptOf(scenario, { form: 'json' }))
  })

  it.each(scenarioNames())('%s ends in a state that is the same after it was written and read', async (name) => {
    const state = await simulate(readScenario(name), {})
    expect(State.parse(JSON.parse(JSON.stringify(state)))).toEqual(state)
  })
})
