import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { setTimeout as wait } from 'node:timers/promises'
import { statusOf } from '@core/state/status'
import { Control } from '../harness/control'
import { startHeadless, temporaryFolder } from '../harness/headless-node'
import { addTinyModel, TINY } from '../harness/models'
import { figure, median, milliseconds, seconds, spread, type Bench } from './report'

const STARTS = 5
const IDLE_SECONDS = 20
// V8 tidies up what the start left (its memory reducer, some 25 s after it); that is paid once and not by idling.
const SETTLED_AFTER_SECONDS = 30
const STATE_READS = 50

const residentMegabytes = (pid: number): number =>
  Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) / 1024

/** Processor seconds used so far; Linux only, where the clock ticks 100 times a second. */
const processorSeconds = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / 100
}

/** The process and all that it started. */
const family = (pid: number): number[] => {
  const children = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .flatMap(([child, parent]) => (parent === pid && child !== undefined ? [child] : []))
  return [pid, ...children.filter((child) => existsSync(`/proc/${child}`)).flatMap(family)]
}

/** Per cent of a core that these processes use while nobody asks anything of them. */
const idleLoad = async (pids: readonly number[]): Promise<number> => {
  const used = (): number => pids.reduce((sum, pid) => sum + processorSeconds(pid), 0)
  await wait(SETTLED_AFTER_SECONDS * 1000)
  const before = used()
  await wait(IDLE_SECONDS * 1000)
  return (100 * (used() - before)) / IDLE_SECONDS
}

/** What a headless node takes when nobody asks anything of it, and how quickly it is there. */
export const run = async (): Promise<Bench> => {
  const starts: number[] = []
  let resident = NaN
  let load = NaN
  const folder = temporaryFolder()
  for (let start = 0; start < STARTS; start += 1) {
    const from = performance.now()
    const node = await startHeadless({ dataDir: folder.path })
    await fetch(`${node.url}/health`)
    starts.push((performance.now() - from) / 1000)
    if (start === STARTS - 1) {
      const pid = node.process.pid ?? 0
      load = await idleLoad([pid])
      resident = residentMegabytes(pid)
    }
    await node.stop()
  }
  addTinyModel(folder.path)
  const node = await startHeadless({ dataDir: folder.path })
  const control = new Control(node.url)
  const { metaInstanceId } = await control.declare(TINY)
  await control.until('READY', (state) => {
    const declared = state.metaInstances[metaInstanceId]
    return declared !== undefined && statusOf(state, declared).word === 'READY'
  })
  const reads: number[] = []
  let bytes = 0
  for (let read = 0; read < STATE_READS; read += 1) {
    const from = performance.now()
    bytes = (await (await control.request('/state')).text()).length
    reads.push(performance.now() - from)
  }
  const loadWithModel = await idleLoad(family(node.process.pid ?? 0))
  await node.stop()
  folder.dispose()
  return {
    name: 'Footprint of a headless node',
    rows: [
      figure('start to /health', seconds(median(starts)), {
        value: median(starts),
        atMost: 1,
        unit: 's',
        noise: spread(starts),
      }),
      figure('resident, idle, no model', `${resident.toFixed(0)} MB`, { value: resident, atMost: 110, unit: 'MB' }),
      figure('processor, idle', `${load.toFixed(2)} % of a core`, { value: load, atMost: 0.5, unit: '%' }),
      figure('processor, idle, one model loaded, runner and all', `${loadWithModel.toFixed(2)} % of a core`, {
        value: loadWithModel,
        atMost: 1,
        unit: '%',
      }),
      figure('GET /state, one instance', milliseconds(median(reads)), {
        value: median(reads),
        atMost: 5,
        unit: 'ms',
        noise: spread(reads),
      }),
      figure('size of /state', `${(bytes / 1000).toFixed(1)} KB`, { value: bytes / 1000, atMost: 20, unit: 'KB' }),
    ],
  }
}
