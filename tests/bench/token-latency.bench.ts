import { spawn } from 'node:child_process'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { statusOf } from '@core/state/status'
import { Control } from '../harness/control'
import { startHeadless, temporaryFolder } from '../harness/headless-node'
import { addTinyModel, TINY } from '../harness/models'
import { python } from '../harness/paths'
import { figure, median, milliseconds, type Bench } from './report'
import { stampedPython } from './stamped-runner'

const TOKENS = 2000
const TOKENS_AN_ANSWER = 300
/** Of each answer: connection and code paths are cold. */
const WARM_UP = 50

/** Milliseconds from each token's way into the pipe to its way out of this socket. */
const timed = (socket: Socket): Promise<number[]> =>
  new Promise((resolve, reject) => {
    const found: number[] = []
    socket.on('data', (chunk) => {
      const now = process.hrtime.bigint()
      for (const [, written = '0'] of chunk.toString().matchAll(/<(\d+)>/g))
        found.push(Number(now - BigInt(written)) / 1e6)
    })
    socket.once('error', reject)
    socket.once('close', () => resolve(found.slice(WARM_UP)))
  })

/** A process that computes as long as the tiny model does, then writes; nothing reads what it writes but a socket. */
const WRITER = `
import os, time
clock = lambda: time.clock_gettime_ns(time.CLOCK_MONOTONIC)
for _ in range(${TOKENS}):
    until = clock() + 1_000_000
    while clock() < until: pass
    os.write(1, b"<%d>" % clock())
`

/** What a pipe and a socket cost here with nothing of Muster between them. */
const bareLatencies = async (): Promise<number[]> => {
  const forwarder = spawn(process.execPath, [join(import.meta.dirname, 'bare-forwarder.mjs'), python, '-c', WRITER], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const port = await new Promise<number>((resolve, reject) => {
    forwarder.stdout.once('data', (line: Buffer) => resolve(Number(line)))
    forwarder.once('error', reject)
  })
  return timed(connect(port, '127.0.0.1'))
}

const latencies = (url: string): Promise<number[]> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url)
    const body = JSON.stringify({
      model: TINY,
      stream: true,
      max_tokens: TOKENS_AN_ANSWER,
      temperature: 0,
      messages: [{ role: 'user', content: 'count' }],
    })
    const socket = connect(Number(port), hostname)
    timed(socket).then(resolve, reject)
    socket.write(
      `POST /v1/chat/completions HTTP/1.1\r\nhost: ${hostname}:${port}\r\ncontent-type: application/json\r\n` +
        `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
    )
  })

/** What Muster itself adds to each token: pipe, supervisor, routing, dialect and socket. */
export const run = async (): Promise<Bench> => {
  const folder = temporaryFolder()
  addTinyModel(folder.path)
  const node = await startHeadless({
    dataDir: folder.path,
    env: { MUSTER_PYTHON: stampedPython(folder.path) },
  })
  const control = new Control(node.url)
  const { metaInstanceId } = await control.declare(TINY)
  await control.until('READY', (state) => {
    const declared = state.metaInstances[metaInstanceId]
    return declared !== undefined && statusOf(state, declared).word === 'READY'
  })
  const all: number[] = []
  while (all.length < TOKENS) {
    const found = await latencies(node.url)
    if (found.length === 0) throw new Error('the answers are too short to measure')
    all.push(...found)
  }
  await node.stop()
  folder.dispose()
  all.sort((a, b) => a - b)
  const bare = median(await bareLatencies())
  const ninetyFifth = all[Math.floor(all.length * 0.95)] ?? NaN
  return {
    name: 'Own time per token, from the runner’s write to the client’s socket',
    rows: [
      figure('median', milliseconds(median(all)), { value: median(all), atMost: 0.3, unit: 'ms' }),
      figure('95th of 100', milliseconds(ninetyFifth)),
      figure('a pipe and a socket with nothing between them', milliseconds(bare)),
      figure('median ÷ that', (median(all) / bare).toFixed(2)),
      figure('tokens', String(all.length)),
    ],
  }
}
