import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { transcript } from '@core/simulation/transcript'
import { readScenario, scenarioNames, transcriptOf, transcriptPath } from './scenarios'

describe('scenarios', () => {
  it.each(scenarioNames())('%s goes as its transcript says', (name) => {
    expect(transcriptOf(readScenario(name))).toBe(readFileSync(transcriptPath(name), 'utf8'))
  })

  it.each(scenarioNames())('%s tells the same, to the byte, every time', (name) => {
    expect(transcript(readScenario(name))).toEqual(transcript(readScenario(name)))
  })
})
