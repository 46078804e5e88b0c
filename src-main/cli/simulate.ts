import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import type { ChaosOptions } from '@core/simulation/chaos/chaos'
import {
  addTally,
  decidersFor,
  emptyTally,
  neverTaken,
  runSchedule,
  tallyOf,
  type Deciders,
  type ScheduleOptions,
} from '../simulation/chaos/tally'
import { checkScenario } from '@core/simulation/check'
import { transcriptOf } from '../simulation/transcript'
import { DONE, FAILED, WRONG_USE } from './exit-codes'

export interface SimulateFlags extends ChaosOptions {
  /** Print text for people instead of JSON lines. */
  readonly trace: boolean
  readonly chaos: boolean
  readonly schedules: number
  readonly asScenario: boolean
  /** Default: every third schedule has several deciding nodes. */
  readonly deciders?: Deciders | undefined
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

/** Runs a scenario from a file, `-` for standard input. Returns the exit code; 2 for an invalid scenario. */
export const simulate = async (
  path: string,
  options: Pick<SimulateFlags, 'trace'>,
  streams: SimulateStreams,
): Promise<number> => {
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
  await streams.out(await transcriptOf(checked.scenario, { form: options.trace ? 'trace' : 'json' }))
  return DONE
}

/** The command that reproduces a schedule. */
export const replayCommand = ({ seed, steps, nodes, deciders }: ScheduleOptions): string =>
  `muster simulate --chaos --seed ${seed} --steps ${steps} --nodes ${nodes} --deciders ${deciders}`

/**
 * Runs random schedules. Prints each violated invariant with the command that replays it, then totals and how often
 * each rare path was taken. Returns 1 if an invariant was violated, or if one of the rare paths was never taken in a
 * large enough number of schedules.
 */
export const simulateChaos = async (flags: SimulateFlags, streams: SimulateStreams): Promise<number> => {
  const { seed, steps, nodes, schedules, asScenario, trace } = flags
  let [tally, violations] = [emptyTally(), 0]
  for (let done = 0; done < (asScenario || trace ? 1 : schedules); done += 1) {
    const next = { seed: seed + done, steps, nodes }
    const options = { ...next, deciders: flags.deciders ?? decidersFor(next) }
    const result = await runSchedule(options)
    const { scenario, violation } = result
    tally = addTally(tally, tallyOf(options, result))
    if (asScenario) await streams.out(`${JSON.stringify(scenario)}\n`)
    if (trace) await streams.out(await transcriptOf(scenario, { form: 'trace' }))
    if (!violation) continue
    violations += 1
    const { at, message } = violation
    const line = JSON.stringify({ violation: { seed: options.seed, at, message }, replay: replayCommand(options) })
    if (asScenario || trace) streams.error(`${line}\n`)
    else await streams.out(`${line}\n`)
  }
  if (asScenario || trace) return violations > 0 ? FAILED : DONE
  const missed = neverTaken(tally)
  const { events, paths } = tally
  await streams.out(
    `${JSON.stringify({ chaos: { seed, schedules, steps, nodes, events, violations, paths, missed } })}\n`,
  )
  return violations > 0 || missed.length > 0 ? FAILED : DONE
}
