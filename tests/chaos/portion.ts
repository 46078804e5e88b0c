import { z } from 'zod'
import { addTally, allPaths, decidersFor, emptyTally, runSchedule, tallyOf } from '@main/simulation/chaos/tally'
import { replayCommand } from '@main/cli/simulate'

export const STEPS = 200
/** Number of machines of successive schedules. */
const SIZES = [1, 2, 3, 4, 5, 6, 8]

/** Seeds of the schedules that a process runs before it is given more. */
export const Portion = z.object({ first: z.number(), count: z.number() })
export type Portion = z.infer<typeof Portion>

export const Answer = z.object({
  tally: z.object({
    events: z.number(),
    paths: z.record(z.enum(allPaths), z.number()),
    steps: z.object({ one: z.number(), all: z.number() }),
  }),
  violations: z.array(z.object({ replay: z.string(), at: z.number(), message: z.string() })),
  /** CPU time in seconds. */
  processorTime: z.number(),
})
export type Answer = z.infer<typeof Answer>

const sizeFor = (seed: number): number => SIZES[seed % SIZES.length] ?? 1

const processorTime = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

export const makePortion = async ({ first, count }: Portion): Promise<Answer> => {
  const began = processorTime()
  let tally = emptyTally()
  const violations: Answer['violations'] = []
  for (let seed = first; seed < first + count; seed += 1) {
    const nodes = sizeFor(seed)
    const options = { seed, steps: STEPS, nodes, deciders: decidersFor({ seed, nodes }) }
    const result = await runSchedule(options)
    tally = addTally(tally, tallyOf(options, result))
    const { violation } = result
    if (violation) violations.push({ replay: replayCommand(options), ...violation })
  }
  return { tally, violations, processorTime: processorTime() - began }
}
