import { performance } from 'node:perf_hooks'
import { currentInstance } from '@core/state/bindings'
import type { State } from '@core/state/state'
import { statusOf } from '@core/state/status'
import type { MetaInstanceId } from '@core/ids'
import { Control } from '../harness/control'
import { startHeadless, temporaryFolder } from '../harness/headless-node'
import { addTinyModel, TINY } from '../harness/models'
import { figure, median, seconds, spread, type Bench } from './report'

const READY_TARGET_S = 2.5
const FAILED_TARGET_S = 0.15
const ROUNDS = 5
const KILLS = 10

const word = (state: State, id: MetaInstanceId): string | undefined => {
  const declared = state.metaInstances[id]
  return declared && statusOf(state, declared).word
}

const pidOf = (state: State, id: MetaInstanceId): number => {
  const [shard] = currentInstance(state, id)?.shards ?? []
  const pid = shard && state.runners[shard.runnerId]?.pid
  if (pid === undefined) throw new Error('no runner')
  return pid
}

/** The tiny model from its declaration to READY, and back to READY after each of ten kills. */
export const run = async (): Promise<Bench> => {
  const declared: number[] = []
  const failed: number[] = []
  const again: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const folder = temporaryFolder()
    addTinyModel(folder.path)
    const node = await startHeadless({ dataDir: folder.path })
    const control = new Control(node.url)
    let from = performance.now()
    const { metaInstanceId: id } = await control.declare(TINY)
    let state = await control.until('READY', (next) => word(next, id) === 'READY')
    declared.push((performance.now() - from) / 1000)
    if (round === 0) {
      for (let kill = 0; kill < KILLS; kill += 1) {
        const pid = pidOf(state, id)
        const [shard] = currentInstance(state, id)?.shards ?? []
        // The attempt that failed is over in the state once its runner is Failed or has been replaced.
        const noticed = control.until('Failed', (next) => {
          const runner = shard && next.runners[shard.runnerId]
          return runner === undefined || runner.status === 'Failed'
        })
        const back = control.until('READY again', (next) => word(next, id) === 'READY' && pidOf(next, id) !== pid)
        // Both watchers have their snapshot before the kill.
        await new Promise((resolve) => setTimeout(resolve, 300))
        from = performance.now()
        process.kill(pid, 'SIGKILL')
        await noticed
        failed.push((performance.now() - from) / 1000)
        state = await back
        again.push((performance.now() - from) / 1000)
      }
    }
    await node.stop()
    folder.dispose()
  }
  return {
    name: 'Lifecycle, tiny model',
    rows: [
      figure('declared → READY', seconds(median(declared)), {
        atMost: READY_TARGET_S,
        value: median(declared),
        unit: 's',
        noise: spread(declared),
      }),
      figure('kill -9 → Failed in the state', seconds(median(failed)), {
        atMost: FAILED_TARGET_S,
        value: median(failed),
        unit: 's',
        noise: spread(failed),
      }),
      figure('kill -9 → READY again', seconds(median(again)), {
        atMost: READY_TARGET_S,
        value: median(again),
        unit: 's',
        noise: spread(again),
      }),
      figure('the tenth time ÷ the first', ((again.at(-1) ?? NaN) / (again[0] ?? NaN)).toFixed(2)),
    ],
  }
}
