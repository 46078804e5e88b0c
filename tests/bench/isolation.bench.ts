import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as wait } from 'node:timers/promises'
import { statusOf } from '@core/state/status'
import { Control } from '../harness/control'
import { startHeadless, temporaryFolder } from '../harness/headless-node'
import { addTinyModel, TINY } from '../harness/models'
import { figure, median, milliseconds, spread, type Bench } from './report'

const RUNS = 5
const MEGABYTES = [2, 8]
const ALONE_MS = 500

/** Arrival times of a stream that goes on until it is aborted, in milliseconds. */
const arrivals = async (url: string, signal: AbortSignal, times: number[]): Promise<void> => {
  const json = { model: TINY, stream: true, max_tokens: 1900, ignore_eos: true, temperature: 0 }
  while (!signal.aborted) {
    try {
      const response = await fetch(`${url}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ...json, messages: [{ role: 'user', content: 'count' }] }),
        signal,
      })
      for await (const _ of response.body as unknown as AsyncIterable<Uint8Array>) times.push(performance.now())
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }
}

const longestGap = (times: readonly number[], from: number, to: number): number => {
  const within = times.filter((time) => time >= from && time <= to)
  return within.reduce((longest, time, index) => Math.max(longest, time - (within[index - 1] ?? from)), 0)
}

/** Sends the file from a process of its own, so that this one's clock is not held up by its bytes. */
const post = async (url: string, file: string): Promise<number> => {
  const child = spawn(
    'curl',
    [
      '-s',
      '-o',
      '/dev/null',
      '-w',
      '%{http_code}',
      '-H',
      'content-type: application/json',
      '--data-binary',
      `@${file}`,
    ].concat(`${url}/v1/chat/completions`),
    { stdio: ['ignore', 'pipe', 'ignore'] },
  )
  let status = ''
  child.stdout.on('data', (chunk: Buffer) => (status += chunk.toString()))
  await once(child, 'close')
  return Number(status)
}

/** How long the tokens of one stream stay away while somebody else sends a text that is far too long. */
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
  const streaming = new AbortController()
  const times: number[] = []
  const stream = arrivals(node.url, streaming.signal, times)
  await wait(ALONE_MS * 2)
  const alone: number[] = []
  const rows = []
  for (const megabytes of MEGABYTES) {
    const file = path.join(folder.path, `body-${megabytes}`)
    const content = 'word '.repeat((megabytes * 1024 * 1024) / 5)
    writeFileSync(file, JSON.stringify({ model: TINY, max_tokens: 3, messages: [{ role: 'user', content }] }))
    const stalls: number[] = []
    for (let turn = 0; turn < RUNS; turn += 1) {
      const quiet = performance.now()
      await wait(ALONE_MS)
      const from = performance.now()
      const status = await post(node.url, file)
      if (status !== 400) throw new Error(`A text of ${megabytes} MB was answered with ${status}.`)
      const to = performance.now()
      alone.push(longestGap(times, quiet, from))
      stalls.push(longestGap(times, from, to + 100))
    }
    rows.push(
      figure(`longest silence of a stream, ${megabytes} MB of text beside it`, milliseconds(median(stalls)), {
        value: median(stalls),
        atMost: 50,
        unit: 'ms',
        noise: spread(stalls, 1),
      }),
    )
  }
  streaming.abort()
  await stream
  await node.stop()
  folder.dispose()
  const gap = figure('longest silence, alone', milliseconds(median(alone)), {
    value: median(alone),
    noise: spread(alone, 1),
  })
  return { name: 'One request beside others', rows: [gap, ...rows] }
}
