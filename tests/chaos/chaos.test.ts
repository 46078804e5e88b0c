import { describe, expect, it } from 'vitest'
import { addPaths, neverTaken, runChaos } from '@core/simulation/chaos/chaos'
import { noPaths } from '@core/simulation/chaos/rare-paths'
import { replayCommand } from '@main/cli/simulate'

const SCHEDULES = 300
const STEPS = 200
const PART = 50

describe('random schedules', () => {
  let paths = noPaths()

  const parts = Array.from({ length: SCHEDULES / PART }, (_none, at) => 1 + at * PART)
  it.each(parts)('break no promise, from seed %i on', { timeout: 120_000 }, (first) => {
    for (let seed = first; seed < first + PART; seed += 1) {
      const options = { seed, steps: STEPS, nodes: 1 + (seed % 7) }
      const { violation, paths: taken } = runChaos(options)
      expect(violation, replayCommand(options)).toBeUndefined()
      paths = addPaths(paths, taken)
    }
  })

  it('take every rare path', () => {
    expect(neverTaken(paths, { schedules: SCHEDULES, steps: STEPS })).toEqual([])
  })

  it('are the same for the same seed', () => {
    const options = { seed: 42, steps: 50, nodes: 4 }
    expect(runChaos(options)).toEqual(runChaos(options))
  })
})
