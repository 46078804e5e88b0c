/**
 * `npm run chaos`: random schedules on every core. `npm run chaos -- SCHEDULES FIRST_SEED` sets their number and first
 * seed. Prints every violation with the command that replays it.
 */
import { fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import path from 'node:path'
import { performance } from 'node:perf_hooks'
import { build } from 'vite'
import { addTally, allPaths, emptyTally, neverTaken } from '@main/simulation/chaos/tally'
import { readArguments, USAGE, type Range } from './arguments'
import { Answer, STEPS, type Portion } from './portion'

/** Schedules that a process runs before it asks for more. */
const PORTION = 25

/**
 * Bundles `part.ts` into a folder. Compiled by tsx, which records the name of every function it creates, it would run a
 * sixth slower.
 */
const bundled = async (outDir: string): Promise<string> => {
  const root = path.resolve(import.meta.dirname, '../..')
  await build({
    root,
    configFile: false,
    logLevel: 'warn',
    resolve: { alias: { '@core': path.join(root, 'src-core'), '@main': path.join(root, 'src-main') } },
    ssr: { noExternal: true },
    build: {
      ssr: path.join(import.meta.dirname, 'part.ts'),
      outDir,
      emptyOutDir: false,
      rolldownOptions: { output: { entryFileNames: 'part.mjs' } },
    },
  })
  return path.join(outDir, 'part.mjs')
}

const lead = async (part: string, { schedules, firstSeed }: Range): Promise<number> => {
  const began = performance.now()
  const end = firstSeed + schedules
  let next = firstSeed
  let [tally, violations, processorTime] = [emptyTally(), 0, 0]
  await Promise.all(
    Array.from({ length: availableParallelism() }, async () => {
      const child = fork(part, { execArgv: [] })
      while (next < end) {
        const portion: Portion = { first: next, count: Math.min(PORTION, end - next) }
        next += portion.count
        const answer = await new Promise<Answer>((resolve, reject) => {
          child.once('message', (message) => resolve(Answer.parse(message)))
          child.once('exit', () => reject(new Error(`the process making seeds ${portion.first} … ended`)))
          child.send(portion)
        })
        child.removeAllListeners('exit')
        tally = addTally(tally, answer.tally)
        violations += answer.violations.length
        processorTime += answer.processorTime
        for (const { at, message, replay } of answer.violations) console.log(`at ${at} ms: ${message}\n  ${replay}`)
      }
      child.disconnect()
    }),
  )
  const missed = neverTaken(tally)
  for (const taken of allPaths) console.log(`${String(tally.paths[taken]).padStart(9)}  ${taken}`)
  const seconds = Math.round((performance.now() - began) / 1000)
  console.log(
    `${schedules} schedules of ${STEPS} steps, ${tally.events} events in ${seconds} s: ${violations} violations`,
  )
  console.log(`${(processorTime / schedules).toFixed(2)} s of processor time for each`)
  if (missed.length > 0) console.log(`never taken: ${missed.join('; ')}`)
  return violations > 0 || missed.length > 0 ? 1 : 0
}

const range = readArguments(process.argv.slice(2))
if ('problem' in range) {
  console.error(`${range.problem}\n${USAGE}`)
  process.exitCode = 2
} else {
  const folder = mkdtempSync(path.join(tmpdir(), 'muster-chaos-'))
  try {
    process.exitCode = await lead(await bundled(folder), range)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
