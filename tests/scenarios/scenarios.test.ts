import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { simulate } from '@main/simulation/simulate'
import { transcriptOf } from '@main/simulation/transcript'
import { State } from '@core/state/state'
import { readScenario, scenarioNames, transcriptPath } from './scenarios'

describe('scenarios', () => {
  it.each(scenarioNames())('%s gives its transcript', async (name) => {
    expect(await transcriptOf(readScenario(name), { form: 'trace' })).toBe(readFileSync(transcriptPath(name), 'utf8'))
  })

  it.each(scenarioNames())('%s gives the same transcript every time, to the byte', async (name) => {
    const scenario = readScenario(name)
    expect(await transcriptOf(scenario, { form: 'json' })).toBe(await transcriptOf(scenario, { form: 'json' }))
  })

  it.each(scenarioNames())('%s ends in a state that survives serialization', async (name) => {
    const state = await simulate(readScenario(name), {})
    expect(State.parse(JSON.parse(JSON.stringify(state)))).toEqual(state)
  })
})
