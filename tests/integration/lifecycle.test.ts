import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { MetaInstanceId } from '@core/ids'
import { currentInstance } from '@core/state/bindings'
import type { State } from '@core/state/state'
import { statusOf } from '@core/state/status'
import { Control } from '../harness/control'
import { startHeadless, temporaryFolder, type HeadlessNode } from '../harness/headless-node'
import { addTinyModel, TINY } from '../harness/models'

const statusIn = (state: State, id: MetaInstanceId): string | undefined => {
  const metaInstance = state.metaInstances[id]
  return metaInstance && statusOf(state, metaInstance).status
}

const isReady = (id: MetaInstanceId) => (state: State) => statusIn(state, id) === 'READY'

const runnerOf = (state: State, id: MetaInstanceId): { runnerId: string; pid: number } => {
  const [shard] = currentInstance(state, id)?.shards ?? []
  const pid = shard && state.runners[shard.runnerId]?.pid
  if (!shard || pid === undefined) throw new Error(`${id} has no runner`)
  return { runnerId: shard.runnerId, pid }
}

const gone = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return false
  } catch {
    return true
  }
}

describe('a declaration on a real node with a real runner', () => {
  const folder = { path: '', dispose: () => {} }
  let node: HeadlessNode
  let control: Control

  const start = async (): Promise<void> => {
    node = await startHeadless({ dataDir: folder.path })
    control = new Control(node.url)
  }

  beforeEach(async () => {
    Object.assign(folder, temporaryFolder())
    addTinyModel(folder.path)
    await start()
  })
  afterEach(async () => {
    await node.stop()
    folder.dispose()
  })

  it('becomes READY, answers, and leaves nothing behind when it is deleted', async () => {
    const { metaInstanceId: id } = await control.declare(TINY)
    const ready = await control.until('READY', isReady(id))
    const { pid } = runnerOf(ready, id)
    const answer = await control.request('/v1/chat/completions', {
      method: 'POST',
      json: { model: TINY, messages: [{ role: 'user', content: 'hello' }], max_tokens: 8, temperature: 0 },
    })
    expect(answer.status).toBe(200)
    const completion = (await answer.json()) as { choices: { message: { content: string } }[] }
    expect(completion.choices[0]?.message.content).toMatch(/^[a-z ]{4,}$/)

    expect((await control.request(`/meta_instance/${id}`, { method: 'DELETE' })).status).toBe(200)
    const after = await control.until('nothing left', (state) => Object.keys(state.instances).length === 0)
    expect([after.metaInstances, after.runners]).toEqual([{}, {}])
    await expect.poll(() => gone(pid)).toBe(true)
  })

  it('shows RETRYING (1/3) when its runner is killed and comes back by itself', async () => {
    const { metaInstanceId: id } = await control.declare(TINY)
    const before = await control.until('READY', isReady(id))
    const { instanceId } = currentInstance(before, id) ?? {}
    const retrying = control.until('RETRYING (1/3)', (state) => statusIn(state, id) === 'RETRYING (1/3)')
    process.kill(runnerOf(before, id).pid, 'SIGKILL')
    const seen = await retrying
    expect(seen.metaInstances[id]?.lastFailureError).toMatch(/SIGKILL/)
    const after = await control.until('READY again', isReady(id))
    expect(currentInstance(after, id)?.instanceId).toBe(instanceId)
    expect(after.metaInstances[id]).toMatchObject({ consecutiveFailures: 1, replacements: 0 })
  })

  it('gets a new instance after the fourth kill', async () => {
    const { metaInstanceId: id } = await control.declare(TINY)
    let state = await control.until('READY', isReady(id))
    const first = currentInstance(state, id)?.instanceId
    for (let kill = 1; kill <= 4; kill += 1) {
      const { runnerId, pid } = runnerOf(state, id)
      process.kill(pid, 'SIGKILL')
      state = await control.until(
        `READY after kill ${kill}`,
        (next) => isReady(id)(next) && runnerOf(next, id).runnerId !== runnerId,
      )
      if (kill <= 3) expect(currentInstance(state, id)?.instanceId).toBe(first)
    }
    expect(currentInstance(state, id)?.instanceId).not.toBe(first)
    expect(state.metaInstances[id]).toMatchObject({ consecutiveFailures: 0, replacements: 1 })
  })

  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'is READY again after the node ended by %s, with no failure counted',
    async (signal) => {
      const { metaInstanceId: id } = await control.declare(TINY)
      const before = await control.until('READY', isReady(id))
      const { pid } = runnerOf(before, id)
      if (signal === 'SIGTERM') expect(await node.stop()).toBe(0)
      else await node.kill()
      await expect.poll(() => gone(pid)).toBe(true)
      await start()
      const after = await control.until('READY again', isReady(id))
      expect(after.metaInstances[id]).toMatchObject({ consecutiveFailures: 0, replacements: 0 })
      expect(after.metaInstances[id]?.lastFailureError).toBeUndefined()
      expect(after.term).toBeGreaterThan(before.term)
    },
  )

  it('cancels the task of a client that goes away, and the next request is served', async () => {
    const { metaInstanceId: id } = await control.declare(TINY)
    await control.until('READY', isReady(id))
    const client = new AbortController()
    const messages = [{ role: 'user', content: 'go on' }]
    const chat = { model: TINY, stream: true, messages, max_tokens: 1500, ignore_eos: true }
    const response = await control.request('/v1/chat/completions', {
      method: 'POST',
      json: chat,
      signal: client.signal,
    })
    await response.body?.getReader().read()
    client.abort()
    const cancelled = await control.until('Cancelled', (state) =>
      Object.values(state.tasks).some(({ status }) => status === 'Cancelled'),
    )
    expect(Object.values(cancelled.tasks).map(({ status }) => status)).toEqual(['Cancelled'])
    await control.until('an idle runner', isReady(id))
    const next = { ...chat, stream: false, max_tokens: 4 }
    expect((await control.request('/v1/chat/completions', { method: 'POST', json: next })).status).toBe(200)
  })
})
