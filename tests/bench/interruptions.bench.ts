import { setTimeout as wait } from 'node:timers/promises'
import { currentInstance } from '@core/state/bindings'
import { statusOf } from '@core/state/status'
import { Control } from '../harness/control'
import { startHeadless, temporaryFolder } from '../harness/headless-node'
import { addTinyModel, TINY } from '../harness/models'
import { figure, type Bench } from './report'

const REQUESTS = 200
const CLIENTS = 4
const KILL_EVERY_MS = 4000
const HANG_AFTER_MS = 45_000

type Outcome =
  'answered' | 'refused with a reason' | 'failed with a reason' | 'empty success' | 'hung' | 'without a reason'

const ask = async (control: Control, stream: boolean): Promise<Outcome> => {
  const json = { model: TINY, stream, messages: [{ role: 'user', content: 'count' }], max_tokens: 40, temperature: 0 }
  try {
    const signal = AbortSignal.timeout(HANG_AFTER_MS)
    const response = await control.request('/v1/chat/completions', { method: 'POST', json, signal })
    const text = await response.text()
    if (response.status !== 200) return text.includes('"message"') ? 'refused with a reason' : 'without a reason'
    if (text.includes('"error"')) return text.includes('"message"') ? 'failed with a reason' : 'without a reason'
    return /"content":\s*"[a-z ]+/.test(text) ? 'answered' : 'empty success'
  } catch (error) {
    return error instanceof Error && error.name === 'TimeoutError' ? 'hung' : 'without a reason'
  }
}

/** Two hundred requests, half of them streams, while the runner is killed again and again. */
export const run = async (): Promise<Bench> => {
  const folder = temporaryFolder()
  addTinyModel(folder.path)
  const node = await startHeadless({ dataDir: folder.path })
  const control = new Control(node.url)
  const { metaInstanceId: id } = await control.declare(TINY)
  await control.until('READY', (state) => {
    const declared = state.metaInstances[id]
    return declared !== undefined && statusOf(state, declared).word === 'READY'
  })
  const outcomes = new Map<Outcome, number>()
  let asked = 0
  let kills = 0
  const killing = new AbortController()
  const killer = (async () => {
    while (!killing.signal.aborted) {
      const state = await control.state()
      const [shard] = currentInstance(state, id)?.shards ?? []
      const runner = shard && state.runners[shard.runnerId]
      if (runner?.pid !== undefined && (runner.status === 'Ready' || runner.status === 'Running')) {
        process.kill(runner.pid, 'SIGKILL')
        kills += 1
      }
      await wait(KILL_EVERY_MS, undefined, { signal: killing.signal }).catch(() => undefined)
    }
  })()
  const client = async (): Promise<void> => {
    while (asked < REQUESTS) {
      asked += 1
      const outcome = await ask(control, asked % 2 === 0)
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    }
  }
  await Promise.all(Array.from({ length: CLIENTS }, client))
  killing.abort()
  await killer
  await node.stop()
  folder.dispose()
  const count = (outcome: Outcome) => outcomes.get(outcome) ?? 0
  return {
    name: `${REQUESTS} requests with ${kills} kills among them`,
    rows: [
      figure('answered', String(count('answered'))),
      figure('refused or failed with a reason', String(count('refused with a reason') + count('failed with a reason'))),
      figure('empty successes', String(count('empty success')), { value: count('empty success'), atMost: 0 }),
      figure('hangs', String(count('hung')), { value: count('hung'), atMost: 0 }),
      figure('failed without a reason', String(count('without a reason')), {
        value: count('without a reason'),
        atMost: 0,
      }),
    ],
  }
}
