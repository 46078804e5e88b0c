import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import OpenAI from 'openai'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { MetaInstanceId } from '@core/ids'
import { currentInstance } from '@core/state/bindings'
import type { State } from '@core/state/state'
import { statusOf } from '@core/state/status'
import { Control } from '../harness/control'
import { freePort } from '../harness/free-port'
import { startHeadless, temporaryFolder, type HeadlessNode } from '../harness/headless-node'
import { addTinyModel, TINY } from '../harness/models'

const isReady =
  (id: MetaInstanceId) =>
  (state: State): boolean => {
    const metaInstance = state.metaInstances[id]
    return metaInstance !== undefined && statusOf(state, metaInstance).status === 'READY'
  }

const pidIn = (state: State, id: MetaInstanceId): number => {
  const [shard] = currentInstance(state, id)?.shards ?? []
  const pid = shard && state.runners[shard.runnerId]?.pid
  if (pid === undefined) throw new Error(`${id} has no runner`)
  return pid
}

const isGone = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return false
  } catch {
    return true
  }
}

/** A tiny model makes no text worth comparing, but the same one each time. */
const ask = { model: TINY, messages: [{ role: 'user' as const, content: 'hello' }], max_tokens: 8, temperature: 0 }

describe('a planned restart of a node', () => {
  const folder = { path: '', dispose: () => {} }
  let node: HeadlessNode
  let control: Control
  let port: number
  let id: MetaInstanceId
  let pid: number

  const start = async (): Promise<void> => {
    node = await startHeadless({ dataDir: folder.path, args: ['--port', String(port), '--peer-port', '0'] })
    control = new Control(node.url)
  }

  /** Ends the node as its service manager does for a restart. */
  const leave = async (): Promise<void> => {
    const exited = new Promise((resolve) => node.process.once('exit', resolve))
    node.process.kill('SIGUSR2')
    expect(await exited).toBe(0)
  }

  const left = (): string => {
    const run = join(folder.path, 'run')
    const name = readdirSync(run).find((one) => one.startsWith('runner-'))
    if (name === undefined) throw new Error('no runner was left')
    return join(run, name)
  }

  const record = (): string => join(left(), 'handover.json')

  const edit = (change: (kept: Record<string, unknown>) => void): void => {
    const kept = JSON.parse(readFileSync(record(), 'utf8')) as Record<string, unknown>
    change(kept)
    writeFileSync(record(), JSON.stringify(kept))
  }

  beforeEach(async () => {
    Object.assign(folder, temporaryFolder())
    addTinyModel(folder.path)
    port = await freePort()
    await start()
    id = (await control.declare(TINY)).metaInstanceId
    pid = pidIn(await control.until('READY', isReady(id)), id)
  })
  afterEach(async () => {
    await node.stop()
    folder.dispose()
  })

  it('keeps the model in memory: the same process answers, the same text, and ends with the node', async () => {
    const client = new OpenAI({ baseURL: `${node.url}/v1`, apiKey: 'none' })
    const before = await client.chat.completions.create(ask)
    await leave()
    expect(isGone(pid)).toBe(false)
    await start()
    const state = await control.until('READY', isReady(id))
    expect(pidIn(state, id)).toBe(pid)
    expect(state.metaInstances[id]).toMatchObject({ consecutiveFailures: 0, replacements: 0 })
    const after = await client.chat.completions.create(ask)
    expect(after.choices[0]?.message.content).toBe(before.choices[0]?.message.content)
    expect(existsSync(record())).toBe(false)
    await node.stop()
    await expect.poll(() => isGone(pid)).toBe(true)
  })

  it('loses no request of clients that try again, again and again', async () => {
    const client = new OpenAI({ baseURL: `${node.url}/v1`, apiKey: 'none', maxRetries: 40 })
    let stop = false
    let answered = 0
    const clients = Array.from({ length: 4 }, async () => {
      while (!stop) {
        const { choices } = await client.chat.completions.create(ask)
        expect(choices[0]?.message.content).not.toBe('')
        answered += 1
      }
    })
    for (let restart = 0; restart < 3; restart += 1) {
      const reached = answered + 8
      await expect.poll(() => answered, { timeout: 60_000 }).toBeGreaterThan(reached)
      await leave()
      await start()
    }
    const reached = answered + 8
    await expect.poll(() => answered, { timeout: 60_000 }).toBeGreaterThan(reached)
    stop = true
    await Promise.all(clients)
    expect(pidIn(await control.state(), id)).toBe(pid)
  })

  it('waits for the answers that are under way', async () => {
    const client = new OpenAI({ baseURL: `${node.url}/v1`, apiKey: 'none', maxRetries: 0 })
    const stream = await client.chat.completions.create({ ...ask, max_tokens: 400, stream: true })
    let left: Promise<void> | undefined
    let last: string | null = null
    for await (const { choices } of stream) {
      left ??= leave()
      last = choices[0]?.finish_reason ?? last
    }
    expect(last).toBe('length')
    await left
    await start()
    expect(pidIn(await control.until('READY', isReady(id)), id)).toBe(pid)
  })

  it('sees the end of a runner that it took over, and loads the model anew', async () => {
    await leave()
    await start()
    await control.until('READY', isReady(id))
    process.kill(pid, 'SIGKILL')
    const after = await control.until(
      'READY with another process',
      (state) => isReady(id)(state) && pidIn(state, id) !== pid,
    )
    expect(after.metaInstances[id]).toMatchObject({ consecutiveFailures: 1 })
  })

  it('ends what it took over when it is killed', async () => {
    await leave()
    await start()
    await control.until('READY', isReady(id))
    await node.kill()
    await expect.poll(() => isGone(pid)).toBe(true)
  })

  const spoiled: [string, () => void][] = [
    ['that is cut off', () => writeFileSync(record(), readFileSync(record(), 'utf8').slice(0, 40))],
    ['of a model whose files have changed', () => writeFileSync(join(folder.path, 'models', TINY, 'README.md'), 'new')],
    ['with another token', () => edit((kept) => void (kept['token'] = 'f'.repeat(64)))],
    ['of another protocol', () => edit((kept) => void (kept['protocol'] = 99))],
    ['of another runner', () => edit((kept) => void (kept['runnerId'] = 'somebody-else'))],
    ['of other layers', () => edit((kept) => void ((kept['load'] as { maxContext?: number }).maxContext = 7))],
    ['that others may write', () => chmodSync(record(), 0o666)],
  ]
  // Each takes two starts of a node: the others are for the long counts.
  it.each(spoiled.slice(0, process.env['MUSTER_SOAK'] ? spoiled.length : 3))(
    'takes over no runner with a record %s: it ends, and another loads the model',
    async (_what, spoil) => {
      await leave()
      spoil()
      await start()
      const state = await control.until('READY', isReady(id))
      expect(pidIn(state, id)).not.toBe(pid)
      await expect.poll(() => isGone(pid)).toBe(true)
      expect(state.metaInstances[id]).toMatchObject({ consecutiveFailures: 0 })
    },
  )
})
