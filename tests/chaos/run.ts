/**
 * `npm run chaos`: random schedules on every core. `npm run chaos -- SCHEDULES FIRST_SEED` makes another
 * number of them, or others. Prints every broken promise with the command that replays it.
 */
import { fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { performance } from 'node:perf_hooks'
import { z } from 'zod'
import { addPaths, neverTaken, runChaos } from '@core/simulation/chaos/chaos'
import { noPaths, rarePaths } from '@core/simulation/chaos/rare-paths'
import { replayCommand } from '@main/cli/simulate'

const STEPS = 200
/** Machines in a schedule, in turn. */
const SIZES = [1, 2, 3, 4, 5, 6, 8]
/** Schedules that a process makes before it is told of the next ones. */
const PORTION = 25

const Portion = z.object({ first: z.number(), count: z.number() })
const Answer = z.object({
  events: z.number(),
  paths: z.record(z.enum(rarePaths), z.number()),
  violations: z.array(z.object({ replay: z.string(), at: z.number(), message: z.string() })),
})
type Answer = z.infer<typeof Answer>

const sizeFor = (seed: number): number => SIZES[seed % SIZES.length] ?? 1

const makePortion = ({ first, count }: z.infer<typeof Portion>): Answer => {
  const answer: Answer = { events: 0, paths: noPaths(), violations: [] }
  for (let seed = first; seed < first + count; seed += 1) {
    const options = { seed, steps: STEPS, nodes: sizeFor(seed) }
    const { violation, events, paths } = runChaos(options)
    answer.events += events
    answer.paths = addPaths(answer.paths, paths)
    if (violation) answer.violations.push({ replay: replayCommand(options), ...violation })
  }
  return answer
}

const lead = async (schedules: number, firstSeed: number): Promise<number> => {
  const began = performance.now()
  const end = firstSeed + schedules
  let next = firstSeed
  let [events, violations, paths] = [0, 0, noPaths()]
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
        events += answer.events
        violations += answer.violations.length
        paths = addPaths(paths, answer.paths)
        for (const { at, message, replay } of answer.violations) console.log(`at ${at} ms: ${message}\n  ${replay}`)
      }
      child.disconnect()
    }),
  )
  const missed = neverTaken(paths, { schedules, steps: STEPS })
  for (const path of rarePaths) console.log(`${String(paths[path]).padStart(9)}  ${path}`)
  const seconds = Math.round((performance.now() - began) / 1000)
  console.log(`${schedules} schedules of ${STEPS} steps, ${events} events in ${seconds} s: ${violations} violations`)
  if (missed.length > 0) console.log(`never taken: ${missed.join('; ')}`)
  return violations > 0 || missed.length > 0 ? 1 : 0
}

if (process.env['MUSTER_CHAOS_PART'] === undefined) {
  const [schedules = 5000, firstSeed = 1] = process.argv.slice(2).map(Number)
  process.exitCode = await lead(schedules, firstSeed)
} else {
  process.on('message', (message) => process.send?.(makePortion(Portion.parse(message))))
}
