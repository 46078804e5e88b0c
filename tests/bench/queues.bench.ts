import { setMaxListeners } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import http from 'node:http'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as wait } from 'node:timers/promises'
import { CreatedApiKey } from '@core/protocols/api-keys'
import { statusOf } from '@core/state/status'
import { Control } from '../harness/control'
import { startHeadless, temporaryFolder } from '../harness/headless-node'
import { addTinyModel, TINY } from '../harness/models'
import { figure, median, milliseconds, spread, type Bench, type Row } from './report'
import { stampedPython } from './stamped-runner'

const CLIENTS = 64
/**
 * Requests of each client, and how long it waits in between. All connections stay open, and their requests are spread
 * over that time: what is measured is the time of one request, not its wait behind others in a busy process.
 */
const TURNS = 8
const PAUSE_MS = 2000
const ROUNDS = 9
/** The crowd's answers differ in length, so that places become free one by one. */
const CROWD_TOKENS = [100, 300] as const

interface Asked {
  readonly content: string
  readonly maxTokens: number
  readonly key?: string
  readonly agent?: http.Agent
  readonly signal?: AbortSignal
}

/** Milliseconds to the first byte of a streamed answer and to its end. */
const ask = (url: string, { content, maxTokens, key, agent, signal }: Asked): Promise<{ first: number; end: number }> =>
  new Promise((resolve, reject) => {
    const began = performance.now()
    const headers = { 'content-type': 'application/json', ...(key !== undefined && { authorization: `Bearer ${key}` }) }
    const request = http.request(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers,
      agent: agent ?? false,
      ...(signal && { signal }),
    })
    request.on('error', reject)
    request.on('response', (response) => {
      let first: number | undefined
      if (response.statusCode !== 200) reject(new Error(`status ${response.statusCode}`))
      response.on('data', () => (first ??= performance.now() - began))
      response.on('error', reject)
      response.on('end', () => resolve({ first: first ?? NaN, end: performance.now() - began }))
    })
    const messages = [{ role: 'user', content }]
    request.end(JSON.stringify({ model: TINY, stream: true, max_tokens: maxTokens, ignore_eos: true, messages }))
  })

const ready = async (url: string): Promise<Control> => {
  const control = new Control(url)
  const { metaInstanceId } = await control.declare(TINY)
  await control.until('READY', (state) => {
    const declared = state.metaInstances[metaInstanceId]
    return declared !== undefined && statusOf(state, declared).word === 'READY'
  })
  return control
}

/** Milliseconds that a process's main thread has had a processor; undefined where the system does not say. */
const mainThreadMs = (pid: number | undefined): number | undefined => {
  const path = `/proc/${pid}/task/${pid}/schedstat`
  return existsSync(path) ? Number(readFileSync(path, 'utf8').split(' ')[0]) / 1e6 : undefined
}

/**
 * From before a client writes its request until the runner has read it: all that lies before anything is computed.
 * On a machine that is busy with other things processes wait for their turns in it: then the fastest twentieth says
 * more, and the processor time of the whole request.
 */
const overhead = async (): Promise<Row[]> => {
  const folder = temporaryFolder()
  addTinyModel(folder.path)
  const receipts = join(folder.path, 'receipts')
  const node = await startHeadless({
    dataDir: folder.path,
    env: { MUSTER_PYTHON: stampedPython(folder.path, { receipts }) },
  })
  await ready(node.url)
  const agents = Array.from({ length: CLIENTS }, () => new http.Agent({ keepAlive: true, maxSockets: 1 }))
  const warmUp = (agent: http.Agent) => ask(node.url, { content: 'warm up', maxTokens: 1, agent })
  await Promise.all(agents.map(warmUp))
  const client = async (agent: http.Agent, number: number): Promise<void> => {
    await wait((number / CLIENTS) * PAUSE_MS)
    for (let turn = 0; turn < TURNS; turn += 1) {
      await ask(node.url, { content: `sent ${process.hrtime.bigint()}`, maxTokens: 1, agent })
      await wait(PAUSE_MS)
    }
    agent.destroy()
  }
  const before = mainThreadMs(node.process.pid)
  await Promise.all(agents.map(client))
  const after = mainThreadMs(node.process.pid)
  await node.stop()
  const all = readFileSync(receipts, 'utf8').trim().split('\n')
  const times = all.map((line) => Number(line) / 1e6).sort((a, b) => a - b)
  folder.dispose()
  return [
    figure(`before the runner has the request, ${CLIENTS} clients`, milliseconds(median(times)), {
      value: median(times),
      atMost: 2,
      unit: 'ms',
    }),
    figure(
      '5th and 95th of 100',
      [0.05, 0.95].map((part) => milliseconds(times[Math.floor(times.length * part)] ?? NaN)).join(', '),
    ),
    figure('requests', String(times.length)),
    ...(before === undefined || after === undefined
      ? []
      : [figure('processor time of the node, per request', milliseconds((after - before) / times.length))]),
  ]
}

/** How long the single client of one key waits beside a crowd of another, against one more of the crowd. */
const fairness = async (): Promise<Row[]> => {
  const folder = temporaryFolder()
  addTinyModel(folder.path)
  const node = await startHeadless({ dataDir: folder.path })
  const control = await ready(node.url)
  const create = async (name: string): Promise<string> =>
    CreatedApiKey.parse(await (await control.request('/api_keys', { method: 'POST', json: { name } })).json()).key
  const [many, single] = [await create('many'), await create('single')]
  const over = new AbortController()
  setMaxListeners(0, over.signal)
  const [least, most] = CROWD_TOKENS
  const crowd = Array.from({ length: CLIENTS }, async (_none, number) => {
    const maxTokens = Math.round(least + ((most - least) * number) / CLIENTS)
    try {
      for (let turn = 0; !over.signal.aborted; turn += 1)
        await ask(node.url, { content: `crowd ${number} ${turn}`, maxTokens, key: many, signal: over.signal })
    } catch (error) {
      if (!over.signal.aborted) throw error
    }
  })
  const ratios: number[] = []
  const waits = { single: [] as number[], crowd: [] as number[] }
  await wait(2000)
  for (let round = 0; round < ROUNDS; round += 1) {
    const of = (key: string, who: string) => ask(node.url, { content: `${who} ${round}`, maxTokens: 2, key })
    const [alone, among] = await Promise.all([of(single, 'single'), of(many, 'one more')])
    waits.single.push(alone.first)
    waits.crowd.push(among.first)
    ratios.push(alone.first / among.first)
  }
  over.abort()
  await Promise.all(crowd)
  await node.stop()
  folder.dispose()
  return [
    figure(`time to first token beside ${CLIENTS} clients of another key ÷ among them`, median(ratios).toFixed(3), {
      value: median(ratios),
      atMost: 0.5,
      noise: spread(ratios),
    }),
    figure('beside them', milliseconds(median(waits.single))),
    figure('among them', milliseconds(median(waits.crowd))),
  ]
}

/** What Muster does with a request before anything is computed of it: its own time, and whose turn it is. */
export const run = async (): Promise<Bench> => ({
  name: 'Queues, tiny model',
  rows: [...(await overhead()), ...(await fairness())],
})
