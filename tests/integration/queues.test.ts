import { execFileSync } from 'node:child_process'
import http from 'node:http'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { State } from '@core/state/state'
import { statusOf } from '@core/state/status'
import { isLive } from '@core/state/tasks'
import { Control } from '../harness/control'
import { startHeadless, temporaryFolder, type HeadlessNode } from '../harness/headless-node'
import { addTinyModel, TINY } from '../harness/models'
import { muster } from '../harness/muster'

const SEED = Number(process.env['MUSTER_SEED'] ?? 7)
const CLIENTS = 64
const CHAT = '/v1/chat/completions'
const SOAK = process.env['MUSTER_SOAK'] === '1'
/** Requests of the endurance test, in rounds between which memory is read. */
const ROUNDS = 5
const ROUND = SOAK ? 2000 : 60
/** Prompts of a round, the same in each: what is computed for a prompt is kept for the next, and that is no leak. */
const PROMPTS = 50
/** Rounds after which what is made once has been made: code is compiled, heaps and caches have their size. */
const WARM_UP = 3
/** What a process may hold more after a round than after its warm-up, in bytes. */
const ALLOWED_GROWTH = 48 * 1024 * 1024

/** Also the runner: `Ready` is one that has no request. */
const isIdle = (state: State): boolean => {
  const [declared] = Object.values(state.metaInstances)
  const live = Object.values(state.tasks).filter(isLive)
  return declared !== undefined && statusOf(state, declared).status === 'READY' && live.length === 0
}

describe('many clients of one model', () => {
  const folder = { path: '', dispose: () => {} }
  let node: HeadlessNode
  let control: Control

  beforeAll(async () => {
    Object.assign(folder, temporaryFolder())
    addTinyModel(folder.path)
    node = await startHeadless({ dataDir: folder.path })
    control = new Control(node.url)
    await control.declare(TINY)
    await control.until('READY', isIdle)
  })
  afterAll(async () => {
    await node.stop()
    folder.dispose()
  })

  const figures = async (): Promise<Record<string, number>> => {
    const text = await (await control.request('/metrics')).text()
    return Object.fromEntries(
      [...text.matchAll(/^muster_requests\{status="(\w+)"\} (\d+)$/gm)].map(([, status = '', count]) => [
        status,
        Number(count),
      ]),
    )
  }

  const chat = (content: string, maxTokens: number): object => {
    const messages = [{ role: 'user', content }]
    return { model: TINY, messages, max_tokens: maxTokens, stream: true, temperature: 0 }
  }

  const ask = (content: string, maxTokens: number): Promise<Response> =>
    control.request(CHAT, { method: 'POST', json: chat(content, maxTokens) })

  /**
   * The text that came, or `vanished`: after so many chunks the socket is torn off, as by a client that dies; at 0
   * before the answer has begun, when the request may be waiting for its turn or for its prompt.
   */
  const read = (body: object, { vanishAfter }: { readonly vanishAfter: number | undefined }): Promise<string> =>
    new Promise((resolve, reject) => {
      const { hostname, port } = new URL(node.url)
      const headers = { 'content-type': 'application/json' }
      const request = http.request({ hostname, port, path: CHAT, method: 'POST', headers, agent: false })
      const vanish = (): void => {
        resolve('vanished')
        request.destroy()
      }
      request.on('error', reject)
      request.on('response', (response) => {
        let text = ''
        let count = 0
        response.on('data', (chunk: Buffer) => {
          text += chunk.toString()
          count += 1
          if (count === vanishAfter) vanish()
        })
        response.on('end', () => resolve(text))
      })
      request.end(JSON.stringify(body), () => {
        if (vanishAfter === 0) vanish()
      })
    })

  it('tells every dialect, in a header, how many were ahead of a request that had to wait, and `ps` how many wait', async () => {
    const fillers = new AbortController()
    const places = 32
    const begun = Array.from({ length: places }, async (_none, at) => {
      const json = chat(`filler ${at}`, 1900)
      const answer = await control.request(CHAT, { method: 'POST', json, signal: fillers.signal })
      await answer.body?.getReader().read()
    })
    await Promise.all(begun)
    const waiting = async (count: number): Promise<void> => {
      await expect.poll(async () => (await figures())['waiting'], { timeout: 60_000 }).toBe(count)
    }
    const whole = { model: TINY, prompt: 'one', stream: false, options: { num_predict: 1 } }
    const first = control.request('/api/generate', { method: 'POST', json: whole })
    await waiting(1)
    const second = control.request('/api/generate', { method: 'POST', json: { ...whole, stream: true } })
    await waiting(2)
    const third = control.request(CHAT, { method: 'POST', json: { ...chat('three', 1), stream: false } })
    await waiting(3)
    const { out } = await muster({ url: node.url }, 'ps', '--json')
    expect(JSON.parse(out)).toMatchObject({ declarations: [{ requests: places + 3, queued: 3 }] })
    fillers.abort()
    const answers = await Promise.all([first, second, third])
    expect(answers.map(({ headers }) => headers.get('x-muster-queued'))).toEqual(['0', '1', '2'])
    await Promise.all(answers.map((answer) => answer.text()))
    await control.until('idle', isIdle)
    expect((await ask('alone', 1)).headers.get('x-muster-queued')).toBeNull()
  })

  it(`leave nothing behind, though a third of ${CLIENTS} vanish in the midst`, async () => {
    /** How many chunks a client reads before it vanishes; a client without a number stays. */
    const [patience = []] = fc.sample(
      fc.array(fc.option(fc.nat(12), { nil: undefined, freq: 2 }), { minLength: CLIENTS, maxLength: CLIENTS }),
      { seed: SEED, numRuns: 1 },
    )
    const answers = await Promise.all(
      patience.map((chunks, client) => read(chat(`client ${client}`, 200), { vanishAfter: chunks })),
    )
    patience.forEach((chunks, client) => {
      if (chunks === undefined) expect(answers[client]).toContain('data: [DONE]')
    })
    expect(answers.filter((answer) => answer === 'vanished').length).toBeGreaterThan(CLIENTS / 6)
    await control.until('nothing under way', isIdle)
    expect(await figures()).toEqual({ running: 0, waiting: 0 })
    expect((await ask('one more', 3)).status).toBe(200)
  })

  /** Resident bytes of a process. */
  const memoryOf = (pid: number): number =>
    Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) * 1024

  it(
    `take no more memory after ${ROUNDS * ROUND} requests, a third of them given up, than after ${WARM_UP * ROUND}`,
    async () => {
      /** What the node and its runner hold after a round. */
      const round = async (): Promise<{ node: number; runner: number }> => {
        let next = 0
        const client = async (): Promise<void> => {
          while (next < ROUND) {
            next += 1
            const vanishAfter = next % 3 === 0 ? next % 5 : undefined
            const body = chat(`request ${next % PROMPTS}`, vanishAfter === undefined ? 2 : 200)
            const text = await read(body, { vanishAfter })
            if (vanishAfter === undefined) expect(text).toContain('data: [DONE]')
          }
        }
        await Promise.all(Array.from({ length: CLIENTS }, client))
        const { runners } = await control.until('nothing under way', isIdle)
        const [runner] = Object.values(runners)
        return { node: memoryOf(node.process.pid ?? 0), runner: memoryOf(runner?.pid ?? 0) }
      }
      const held: { node: number; runner: number }[] = []
      for (let number = 0; number < ROUNDS; number += 1) held.push(await round())
      for (const who of ['node', 'runner'] as const) {
        const [warm = 0, ...later] = held.slice(WARM_UP - 1).map((bytes) => bytes[who])
        expect(warm).toBeGreaterThan(0)
        expect(Math.min(...later) - warm).toBeLessThan(ALLOWED_GROWTH)
      }
      expect(await figures()).toEqual({ running: 0, waiting: 0 })
    },
    SOAK ? 3_600_000 : 300_000,
  )
})
