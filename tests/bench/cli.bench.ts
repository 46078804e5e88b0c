import { spawn } from 'node:child_process'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { Readable } from 'node:stream'
import { Control } from '../harness/control'
import { startHeadless, temporaryFolder } from '../harness/headless-node'
import { addTinyModel, TINY } from '../harness/models'
import { musterEnvironment } from '../harness/muster'
import { cli } from '../harness/paths'
import { figure, median, milliseconds, spread, type Bench, type Row } from './report'

const RUNS = 15
/**
 * Times the processor time of an empty program, which is 40 ms on a slow machine: 80 ms for the help, 150 ms for what
 * asks a node.
 */
const MOST_FOR_HELP = 2
const MOST_FOR_PS = 3.75
const METER = path.join(import.meta.dirname, 'processor-time.cjs')

/** Milliseconds of processor time of a whole process, Node's own start among it: waiting for others does not count. */
const timesOf = async (url: string, args: readonly string[]): Promise<number[]> => {
  const times: number[] = []
  // The first one finds nothing in the caches of the disk.
  for (let run = 0; run <= RUNS; run += 1) {
    const child = spawn(process.execPath, ['-r', METER, ...args], {
      env: musterEnvironment({ url }),
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    })
    const meter = child.stdio[3]
    if (!(meter instanceof Readable)) throw new Error('the process has no pipe for its time')
    const time = Number(await text(meter))
    if (run > 0) times.push(time)
  }
  return times
}

/** What the command line costs, so that nobody waits for it. */
export const run = async (): Promise<Bench> => {
  const folder = temporaryFolder()
  addTinyModel(folder.path)
  const node = await startHeadless({ dataDir: folder.path })
  const rows: Row[] = []
  try {
    await new Control(node.url).declare(TINY, { name: 'chat' })
    const empty = await timesOf(node.url, ['-e', '0'])
    const nothing = median(empty)
    rows.push(figure('node, an empty program', milliseconds(nothing), { value: nothing, noise: spread(empty, 0) }))
    const measure = async (name: string, args: readonly string[], atMost?: number): Promise<void> => {
      const times = await timesOf(node.url, args)
      const value = median(times) / nothing
      const text = `${value.toFixed(2)} × an empty program (${milliseconds(median(times))})`
      rows.push(figure(name, text, { value, unit: '×', noise: spread(times, 0), ...(atMost && { atMost }) }))
    }
    await measure('muster --help', [cli, '--help'], MOST_FOR_HELP)
    await measure('muster ps', [cli, 'ps'], MOST_FOR_PS)
    await measure('muster ls', [cli, 'ls'])
    await measure('muster run, one word of the tiny model', [cli, 'run', 'chat', 'hi', '--max-tokens', '1'])
  } finally {
    await node.stop()
    folder.dispose()
  }
  return { name: 'Command line: processor time of a process', rows }
}
