import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { textOn, type GenerationUpdate } from '@core/generation/stream'
import { RunnerId, TaskId } from '@core/ids'
import { encodeFrame } from '@main/worker/process/frames'
import { temporaryFolder } from '../harness/headless-node'
import { addTinyModel } from '../harness/models'
import { OneWorker, realPython, scriptedRunner, type OneWorkerOptions } from '../harness/one-worker'

const isGone = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return false
  } catch {
    return true
  }
}

const all = async (updates: AsyncIterable<GenerationUpdate>): Promise<GenerationUpdate[]> => {
  const list: GenerationUpdate[] = []
  for await (const update of updates) list.push(update)
  return list
}

/** Reads up to the first piece of text; the iterator can go on. */
const untilText = async (updates: AsyncIterator<GenerationUpdate>): Promise<void> => {
  for (;;) {
    const { value, done } = (await updates.next()) as IteratorResult<GenerationUpdate, undefined>
    if (done || value.type === 'delta') return
  }
}

/** This whole process stands still, as a stopped job does. */
const standStill = (milliseconds: number): void => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}

describe('a worker', () => {
  const folder = { path: '', dispose: () => {} }
  let modelPath = ''
  let worker: OneWorker | undefined

  const start = async (options: Partial<OneWorkerOptions> = {}): Promise<OneWorker> => {
    worker = await OneWorker.start({ folder: folder.path, python: realPython(), modelPath, ...options })
    return worker
  }

  beforeEach(() => {
    Object.assign(folder, temporaryFolder())
    modelPath = addTinyModel(folder.path)
  })
  afterEach(async () => {
    await worker?.close()
    worker = undefined
    folder.dispose()
  })

  describe('with the real runner', () => {
    it('brings a shard to Ready, streams an answer, and leaves no process and no pipes behind', async () => {
      mkdirSync(join(folder.path, 'run', 'runner-of-a-crash'), { recursive: true })
      const one = await start()
      await one.ready()
      const { pid } = one
      const updates = await all(one.generate(8))
      const text = updates.map((update) => (update.type === 'delta' ? textOn('text', update.content) : '')).join('')
      expect(text).toMatch(/^[a-z ]{4,}$/)
      expect(updates.at(-1)).toMatchObject({ type: 'finished', usage: { completionTokens: 8 } })
      await expect.poll(() => one.running.heldBytes()).toBeGreaterThan(10_000_000)
      await one.close()
      expect(isGone(pid)).toBe(true)
      expect(readdirSync(one.runDir)).toEqual([])
    })

    it('says after its start that its runners are gone, and brings them back with no failure counted', async () => {
      const one = await start({ before: (world, id) => void world.report(id, { status: 'Ready' }) })
      await one.until('no runner', () => one.runner === undefined)
      await one.ready()
      expect(one.world.log.map(({ type }) => type)).not.toContain('InstanceRetrying')
      expect(one.world.metaInstance(one.id)).toMatchObject({ consecutiveFailures: 0, replacements: 0 })
    })

    it.each(['an aborted signal', 'a cancelled task'] as const)(
      'cancels by %s, and the runner serves the next request',
      async (how) => {
        const one = await start()
        await one.ready()
        const client = new AbortController()
        const updates = one.generate(1500, client.signal)[Symbol.asyncIterator]()
        await untilText(updates)
        if (how === 'an aborted signal') client.abort()
        else one.command({ type: 'CancelTask', taskId: TaskId.parse('task-1') })
        const last = (await all({ [Symbol.asyncIterator]: () => updates })).at(-1)
        expect(last).toMatchObject({ type: 'finished', reason: 'cancelled' })
        expect(last?.type === 'finished' && last.usage.completionTokens).toBeLessThan(1500)
        await one.until('an idle runner', () => one.runner?.status === 'Ready')
        expect((await all(one.generate(4))).at(-1)).toMatchObject({ type: 'finished', reason: 'length' })
      },
    )

    it('fails a killed runner and its requests with the reason, and starts another one', async () => {
      const one = await start()
      await one.ready()
      const { pid } = one
      const updates = one.generate(1500)[Symbol.asyncIterator]()
      await untilText(updates)
      process.kill(pid, 'SIGKILL')
      const rest = await all({ [Symbol.asyncIterator]: () => updates })
      expect(rest.at(-1)).toMatchObject({ type: 'failed', code: 'runner_failed' })
      expect(await one.failure()).toMatch(/^Mac mini: killed by SIGKILL/)
      await one.ready()
      expect(one.pid).not.toBe(pid)
      expect(one.world.metaInstance(one.id)).toMatchObject({ consecutiveFailures: 1 })
    })

    it('notices a runner that hangs, kills it and starts another one', async () => {
      const one = await start({ limits: { heartbeat: 3000, progress: 60_000, start: 120_000 } })
      await one.ready()
      const { pid } = one
      process.kill(pid, 'SIGSTOP')
      expect(await one.failure()).toBe('Mac mini: it hangs: no heartbeat for 3 s')
      await one.ready()
      expect(isGone(pid)).toBe(true)
    })

    it('blames no runner for a time in which the app itself stood still', async () => {
      const one = await start({ limits: { heartbeat: 3000, progress: 60_000, start: 120_000 } })
      await one.ready()
      const { pid } = one
      standStill(5000)
      expect((await all(one.generate(4))).at(-1)).toMatchObject({ type: 'finished' })
      expect(one.pid).toBe(pid)
      expect(one.world.metaInstance(one.id).lastFailureError).toBeUndefined()
    })

    it.each(['model.safetensors', 'config.json', 'tokenizer.json'])('names a damaged %s', async (name) => {
      const path = join(modelPath, name)
      truncateSync(path, Math.floor(statSync(path).size / 2))
      const one = await start()
      expect(await one.failure()).toContain(name)
    })

    it('says that a model is gone', async () => {
      rmSync(modelPath, { recursive: true })
      const one = await start()
      expect(await one.failure()).toMatch(/is not on this machine any more/)
    })

    it('keeps what the latest runners printed, for whoever asks why they are gone', async () => {
      truncateSync(join(modelPath, 'config.json'), 3)
      const one = await start()
      const [shard] = one.world.instance(one.id).shards
      // A damaged model is not tried again: its instance goes.
      await one.until('its end', () => Object.keys(one.world.state.instances).length === 0)
      expect(shard && one.running.consoleOf(shard.runnerId)).toContain('config.json')
    })
  })

  describe('with a runner that misbehaves', () => {
    const frames = (...values: unknown[]): string => {
      writeFileSync(join(folder.path, 'frames'), Buffer.concat(values.map((value) => encodeFrame(value))))
      return `cat "${folder.path}/frames" > "$EVENTS"; exec sleep 600`
    }
    const hello = { type: 'hello', protocol: 99, runnerId: 'r', pid: 1, versions: {} }

    it.each([
      ['a frame over the limit', () => `printf '\\377\\377\\377\\177' > "$EVENTS"; exec sleep 600`, /over the limit/],
      ['no JSON', () => `printf '\\003\\000\\000\\000{"a' > "$EVENTS"; exec sleep 600`, /that is not JSON/],
      ['an unknown event', () => frames({ type: 'surprise' }), /an event that the protocol does not know/],
      ['another protocol', () => frames(hello), /speaks protocol 99, not 2; run the set-up again/],
    ])('ends it for %s, and says so', async (_what, script, reason) => {
      const one = await start({ python: scriptedRunner(folder.path, script()) })
      expect(await one.failure()).toMatch(reason)
    })

    it('counts one that ends by itself as failed, so that it is not started again and again', async () => {
      const one = await start({ python: scriptedRunner(folder.path, 'exit 0') })
      await one.until('a new placement', () => one.world.metaInstance(one.id).replacements === 1)
      expect(one.world.metaInstance(one.id).lastFailureError).toBe('Mac mini: ended by itself')
      const attempts = one.world.log.filter(({ type }) => type === 'InstanceRetrying')
      expect(attempts).toHaveLength(3)
    })

    it('fails one that makes no progress before it is ready', async () => {
      const limits = { heartbeat: 5000, progress: 60_000, start: 2000 }
      const one = await start({ python: scriptedRunner(folder.path, 'exec sleep 600'), limits })
      expect(await one.failure()).toBe('Mac mini: no progress for 2 s before it was ready')
    })

    it('kills one that does not end when it is told to', async () => {
      const ready = frames({ ...hello, protocol: 1 }, { type: 'status', status: 'Ready' })
      // Without a watchdog that would end it for its silence.
      const limits = { heartbeat: 600_000, progress: 600_000, start: 600_000 }
      const one = await start({ python: scriptedRunner(folder.path, ready), limits })
      await one.ready()
      const { pid } = one
      one.command({ type: 'DeleteMetaInstance', metaInstanceId: one.id })
      await expect.poll(() => isGone(pid)).toBe(true)
      await one.close()
      expect(readdirSync(one.runDir)).toEqual([])
    })

    it('says that Python cannot be started', async () => {
      const executable = join(folder.path, 'nowhere', 'python')
      const one = await start({ python: { executable, source: folder.path } })
      expect(await one.failure()).toContain(`${executable} does not exist`)
      expect(readdirSync(one.runDir)).toEqual([])
    })

    it('hands on why there is no Python at all', async () => {
      const one = await start({ python: { unavailable: 'Python is too old' } })
      expect(await one.failure()).toBe('Mac mini: Python is too old')
    })

    it('fails its own rank, as a consequence, when another one of the instance failed', async () => {
      const other = RunnerId.parse('other')
      const one = await start({
        python: scriptedRunner(folder.path, 'echo $$ > "$0.pid"; exec sleep 600'),
        before: (world, id) => {
          const nodeId = world.addNode('Mac Studio')
          const instance = world.instance(id)
          const [shard] = instance.shards
          if (!shard) throw new Error('nothing was placed')
          const shards = [
            { ...shard, worldSize: 2 },
            { ...shard, nodeId, runnerId: other, rank: 1, worldSize: 2 },
          ]
          world.apply({ type: 'InstanceDeleted', instanceId: instance.instanceId })
          world.apply({ type: 'InstanceCreated', instance: { ...instance, shards } })
        },
      })
      const pid = (): number => Number(readFileSync(join(folder.path, 'scripted-runner.pid'), 'utf8'))
      await expect.poll(pid).toBeGreaterThan(0)
      one.observe({ type: 'RunnerStatusUpdated', runnerId: other, status: 'Failed', errorMessage: 'out of memory' })
      expect(await one.failure()).toBe('Mac Studio: out of memory; Mac mini: stopped because Mac Studio failed')
      await expect.poll(() => isGone(pid())).toBe(true)
    })
  })
})
