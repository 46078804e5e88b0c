/**
 * `npm run chaos`: random schedules on every core. `npm run chaos -- SCHEDULES FIRST_SEED` makes another
 * number of them, or others. Prints every broken promise with the command that replays it.
 */
import { fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { performance } from 'node:perf_hooks'
import { z } from 'zod'
import {
  addTally,
  allPaths,
  decidersFor,
  emptyTally,
  neverTaken,
  runSchedule,
  tallyOf,
} from '@main/simulation/chaos/tally'
import { replayCommand } from '@main/cli/simulate'

const STEPS = 200
/** Machines in a schedule, in turn. */
const SIZES = [1, 2, 3, 4, 5, 6, 8]
/** Schedules that a process makes before it is told of the next ones. */
const PORTION = 25

const Portion = z.object({ first: z.number(), count: z.number() })
const Answer = z.object({
  tally: z.object({
    events: z.number(),
    paths: z.record(z.enum(allPaths), z.number()),
    steps: z.object({ one: z.number(), all: z.number() }),
  }),
  violations: z.array(z.object({ replay: z.string(), at: z.number(), message: z.string() })),
})
type Answer = z.infer<typeof Answer>

const sizeFor = (seed: number): number => SIZES[seed % SIZES.length] ?? 1

const makePortion = async ({ first, count }: z.infer<typeof Portion>): Promise<Answer> => {
  const answer: Answer = { tally: emptyTally(), violations: [] }
  for (let seed = first; seed < first + count; seed += 1) {
    const nodes = sizeFor(seed)
    const options = { seed, steps: STEPS, nodes, deciders: decidersFor({ seed, nodes }) }
    const result = await runSchedule(options)
    answer.tally = addTally(answer.tally, tallyOf(options, result))
    const { violation } = result
    if (violation) answer.violations.push({ replay: replayCommand(options), ...violation })
  }
  return answer
}

const lead = async (schedules: number, firstSeed: number): Promise<number> => {
  const began = performance.now()
  const end = firstSeed + schedules
  let next = firstSeed
  let [tally, violations] = [emptyTally(), 0]
  await Promise.all(
    Array.from({ length: availableParallelism() }, async () => {
      const child = fork(import.meta.filename, { env: { ...process.env, MUSTER_CHAOS_PART: '1' } })
      while (next < end) {
        const portion = { first: next, count: Math.min(PORTION, end - next) }
        next += portion.count
        const answer = await new Promise<Answer>((resolve, reject) => {
          child.once('message', (message) => resolve(Answer.parse(message)))
          child.once('exit', () => reject(new Error(`the process making seeds ${portion.first} … ended`)))
          child.send(portion)
        })
        child.removeAllListeners('exit')
        tally = addTally(tally, answer.tally)
        violations += answer.violations.length
        for (const { at, message, replay } of answer.violations) console.log(`at ${at} ms: ${message}\n  ${replay}`)
      }
      child.disconnect()
    }),
  )
  const missed = neverTaken(tally)
  for (const path of allPaths) console.log(`${String(tally.paths[path]).padStart(9)}  ${path}`)
  const seconds = Math.round((performance.now() - began) / 1000)
  console.log(
    `${schedules} schedules of ${STEPS} steps, ${tally.events} events in ${seconds} s: ${violations} violations`,
  )
  if (missed.length > 0) console.log(`never taken: ${missed.join('; ')}`)
  return violations > 0 || missed.length > 0 ? 1 : 0
}

if (process.env['MUSTER_CHAOS_PART'] === undefined) {
  const [schedules = 5000, firstSeed = 1] = process.argv.slice(2).map(Number)
  process.exitCode = await lead(schedules, firstSeed)
} else {
  process.on('message', (message) => {
    void makePortion(Portion.parse(message)).then((answer) => process.send?.(answer))
  })
}
