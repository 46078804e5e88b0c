import { describe, expect, it } from 'vitest'
import {
  addTally,
  emptyTally,
  neverTaken,
  runSchedule,
  tallyOf,
  type ScheduleOptions,
} from '@main/simulation/chaos/tally'
import { replayCommand } from '@main/cli/simulate'

const PART = 5
/** A schedule computes without waiting: only an endless loop takes this long, even on a busy machine. */
const PART_TIMEOUT_MS = 600_000
/**
 * Enough schedules to take every rare path of several deciding machines; `npm run chaos` runs enough for those of a
 * single one.
 */
const ONE_MASTER = { schedules: 25, steps: 200 }
const ALL_DECIDE = { schedules: 50, steps: 80 }

const firstSeeds = (schedules: number): number[] =>
  Array.from({ length: schedules / PART }, (_none, at) => 1 + at * PART)

describe('random schedules', () => {
  let tally = emptyTally()

  const make = async (options: ScheduleOptions): Promise<void> => {
    const result = await runSchedule(options)
    expect(result.violation, replayCommand(options)).toBeUndefined()
    tally = addTally(tally, tallyOf(options, result))
  }

  it.each(firstSeeds(ONE_MASTER.schedules))(
    'violate no invariant, from seed %i on',
    { timeout: PART_TIMEOUT_MS },
    async (first) => {
      for (let seed = first; seed < first + PART; seed += 1)
        await make({ seed, steps: ONE_MASTER.steps, nodes: 1 + (seed % 7), deciders: 'one' })
    },
  )

  it.each(firstSeeds(ALL_DECIDE.schedules))(
    'violate no invariant with several deciding machines, from seed %i on',
    { timeout: PART_TIMEOUT_MS },
    async (first) => {
      for (let seed = first; seed < first + PART; seed += 1)
        await make({ seed, steps: ALL_DECIDE.steps, nodes: 2 + (seed % 4), deciders: 'all' })
    },
  )

  it('take every rare path', () => {
    expect(neverTaken(tally)).toEqual([])
  })

  it.each(['one', 'all'] as const)('are the same for the same seed (%s)', async (deciders) => {
    const options = { seed: 42, steps: 50, nodes: 4, deciders }
    expect(await runSchedule(options)).toEqual(await runSchedule(options))
  })
})
