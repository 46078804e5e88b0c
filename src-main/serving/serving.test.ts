import { afterEach, describe, expect, it, vi } from 'vitest'
import type { ClientRequest } from '@core/generation/request'
import type { GenerationUpdate } from '@core/generation/stream'
import { TaskId } from '@core/ids'
import { durablePart } from '@core/state/durable'
import type { Task } from '@core/state/tasks'
import { SMALL } from '@core/testing/world'
import { Serving } from './serving'
import { Deciding } from './testing/deciding'

const request: ClientRequest = { model: SMALL, prompt: { kind: 'text', text: 'x' }, sampling: {}, stop: [] }
const delta: GenerationUpdate = { type: 'delta', content: [{ channel: 'text', text: 'a' }], tokens: 1 }
const usage = { promptTokens: 2, cachedTokens: 0, completionTokens: 3 }
const finished: GenerationUpdate = { type: 'finished', reason: 'stop', usage }

let serving: Serving
afterEach(() => serving.close())

const serve = (deciding: Deciding, answer: readonly GenerationUpdate[] = [delta, finished]): Serving =>
  (serving = new Serving({
    nodeId: deciding.nodeId,
    source: deciding,
    observer: deciding,
    rankZero: {
      generate: async function* () {
        yield* answer
      },
    },
  }))

/** A request that has yielded its first token. Returns functions that finish or abandon it. */
const begun = async (serving: Serving) => {
  const updates = serving.generate(request, { signal: new AbortController().signal })
  await updates.next()
  return {
    leave: () => updates.return(undefined),
    finish: async () => {
      for await (const _update of updates) continue
    },
  }
}

describe('a request that a node takes', () => {
  it('is a task of that node from its beginning to its end', async () => {
    const deciding = new Deciding()
    const one = await begun(serve(deciding))
    expect(deciding.tasks()).toMatchObject([{ takenBy: deciding.nodeId, status: 'Running' }])
    await one.finish()
    expect(deciding.tasks()).toMatchObject([{ status: 'Complete', promptTokens: 2, completionTokens: 3 }])
  })

  it('is pending while it waits in a queue, and running from its turn on', async () => {
    const deciding = new Deciding()
    const place = (ahead: number): GenerationUpdate => ({ type: 'progress', processed: 0, total: 9, ahead })
    const begun: GenerationUpdate = { type: 'progress', processed: 0, total: 9, cached: 0 }
    serve(deciding, [place(1), place(0), begun, delta, finished])
    const seen: string[] = []
    for await (const update of serving.generate(request, { signal: new AbortController().signal }))
      seen.push(`${update.type} ${deciding.tasks()[0]?.status}`)
    expect(seen).toEqual([
      'progress Pending',
      'progress Pending',
      'progress Running',
      'delta Running',
      'finished Complete',
    ])
  })

  it('fails with the runner’s reason, and is cancelled when its client disconnects', async () => {
    const deciding = new Deciding()
    await (await begun(serve(deciding, [delta, { type: 'failed', code: 'runner_failed', message: 'hot' }]))).finish()
    serving.close()
    await (await begun(serve(deciding))).leave()
    expect(deciding.tasks()).toMatchObject([{ status: 'Failed', error: 'hot' }, { status: 'Cancelled' }])
  })

  it('is cancelled, with the tokens that were sent, when its stream from another machine ends because of that', async () => {
    const deciding = new Deciding()
    const cancelling = new AbortController()
    const prompt: GenerationUpdate = { type: 'progress', processed: 4, total: 9, cached: 4 }
    serving = new Serving({
      nodeId: deciding.nodeId,
      source: deciding,
      observer: deciding,
      rankZero: {
        // As a stream over a link does: it ends at once, without waiting for the other side's last update.
        generate: async function* (_request, { signal }) {
          yield prompt
          yield delta
          if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve))
        },
      },
    })
    const seen: GenerationUpdate[] = []
    for await (const update of serving.generate(request, { signal: cancelling.signal })) {
      seen.push(update)
      if (update.type === 'delta') cancelling.abort()
    }
    const usage = { promptTokens: 9, cachedTokens: 4, completionTokens: 1 }
    expect(seen).toEqual([prompt, delta, { type: 'finished', reason: 'cancelled', usage }])
    expect(deciding.tasks()).toMatchObject([{ status: 'Cancelled' }])
  })

  it('ends with the node: the next run reports the end at its start, and again when it follows another master', () => {
    const deciding = new Deciding()
    const { instanceId } = deciding.world.instance(deciding.id)
    const { nodeId: takenBy } = deciding
    const old = (name: string): Task => {
      const taskId = TaskId.parse(name)
      return { taskId, instanceId, kind: 'generation', takenBy, status: 'Running', createdAt: 0 }
    }
    deciding.take({ type: 'TaskCreated', task: old('before') })
    serve(deciding)
    expect(deciding.tasks()).toMatchObject([{ status: 'Cancelled' }])
    const state = deciding.state()
    deciding.replace({ ...state, tasks: { ...state.tasks, elsewhere: old('elsewhere') } })
    expect(deciding.tasks()).toMatchObject([{ status: 'Cancelled' }, { status: 'Cancelled' }])
  })

  it('is reported again to a new master that has no record of it', async () => {
    const deciding = new Deciding()
    const one = await begun(serve(deciding))
    const before = deciding.tasks()
    deciding.isAway = true
    deciding.replace(durablePart(deciding.state()))
    expect(deciding.tasks()).toEqual(before)
    await one.finish()
    expect(deciding.tasks()).toMatchObject([{ status: 'Complete' }])
  })

  it('has its end reported later if no master received it at the time', async () => {
    const deciding = new Deciding()
    const one = await begun(serve(deciding))
    deciding.isAway = true
    await one.finish()
    expect(deciding.tasks()).toMatchObject([{ status: 'Running' }])
    deciding.replace(deciding.state())
    expect(deciding.tasks()).toMatchObject([{ status: 'Complete', completionTokens: 3 }])
  })

  it('is reported again if this node was mistaken for gone', async () => {
    const deciding = new Deciding()
    const one = await begun(serve(deciding))
    const [task] = deciding.tasks()
    deciding.take({ type: 'NodeTimedOut', nodeId: deciding.nodeId })
    expect(deciding.tasks()).toMatchObject([{ status: 'Cancelled' }])
    deciding.take({ type: 'TaskDeleted', taskId: task?.taskId ?? TaskId.parse('none') })
    expect(deciding.tasks()).toMatchObject([{ taskId: task?.taskId, status: 'Running' }])
    await one.finish()
    expect(deciding.tasks()).toMatchObject([{ status: 'Complete' }])
  })
})

describe('of two instances of a model', () => {
  /**
   * Two ready instances; `answer` is what the requested one yields. `went` lists the instance of each request, in
   * order.
   */
  const two = (answer: (instance: string) => GenerationUpdate[]) => {
    const deciding = new Deciding()
    const { world } = deciding
    const second = world.declare('second')
    world.reconcile()
    world.report(second, { status: 'Ready' })
    const [one, other] = [world.instance(deciding.id).instanceId, world.instance(second).instanceId]
    const went: string[] = []
    serving = new Serving({
      nodeId: deciding.nodeId,
      source: deciding,
      observer: deciding,
      rankZero: {
        generate: async function* (_request, { instanceId }) {
          went.push(instanceId)
          yield* answer(instanceId)
        },
      },
    })
    return { deciding, second, one, other, went }
  }
  const user = (text: string) => ({ role: 'user' as const, parts: [{ type: 'text' as const, text }] })
  const ask = async (...texts: string[]): Promise<GenerationUpdate[]> => {
    const conversation: ClientRequest = { ...request, prompt: { kind: 'chat', messages: texts.map(user) } }
    const updates: GenerationUpdate[] = []
    const { signal } = new AbortController()
    for await (const update of serving.generate(conversation, { signal })) updates.push(update)
    return updates
  }

  it('the one that answered a conversation answers its next turn, though another is less busy', async () => {
    const { deciding, went, one, other } = two(() => [delta, finished])
    const { instanceId } = deciding.world.instance(deciding.id)
    const busy: Task = { taskId: TaskId.parse('busy'), instanceId, kind: 'generation', status: 'Running', createdAt: 0 }
    deciding.take({ type: 'TaskCreated', task: busy })
    await ask('hello')
    deciding.take({ type: 'TaskStatusUpdated', taskId: busy.taskId, status: 'Complete' })
    await ask('something else')
    await ask('hello', 'and now?')
    expect(went).toEqual([other, one, other])
  })

  it('a replaced one is no longer preferred for prefixes that its earlier runner had cached', async () => {
    const { deciding, second, went, one, other } = two(() => [delta, finished])
    await ask('hello')
    deciding.take({ type: 'InstanceDeleted', instanceId: one })
    deciding.world.reconcile()
    deciding.world.report(deciding.id, { status: 'Ready' })
    await ask('hello', 'and now?')
    expect(went).toEqual([one, other])
    expect(deciding.world.instance(second).instanceId).toBe(other)
  })

  it('the other one serves when the queue of the first is full', async () => {
    const refusal: GenerationUpdate = { type: 'failed', code: 'overloaded', message: 'many wait', retryAfter: 7 }
    const { went, one, other } = two((instance) => (instance === one ? [refusal] : [delta, finished]))
    expect(await ask('hello')).toEqual([delta, finished])
    expect(went).toEqual([one, other])
  })

  it('neither serves when both queues are full, and the refusal has a Retry-After', async () => {
    const refusal: GenerationUpdate = { type: 'failed', code: 'overloaded', message: 'many wait', retryAfter: 7 }
    const { went } = two(() => [refusal])
    expect(await ask('hello')).toEqual([refusal])
    expect(went).toHaveLength(2)
  })
})

describe('a request whose runner', () => {
  const died: GenerationUpdate = { type: 'failed', code: 'runner_failed', message: 'boom' }
  const missed: GenerationUpdate = { type: 'failed', code: 'model_unavailable', message: 'gone' }
  const refused: GenerationUpdate = { type: 'failed', code: 'ended_runners', message: 'no more' }

  /**
   * Runs a request whose tries end with these updates, with a new runner ready immediately. Returns the updates and the
   * number of tries.
   */
  const retrying = async (answers: readonly GenerationUpdate[]) => {
    const deciding = new Deciding()
    let tries = 0
    serving = new Serving({
      nodeId: deciding.nodeId,
      source: deciding,
      observer: deciding,
      rankZero: {
        generate: async function* () {
          const answer = answers[Math.min(tries, answers.length - 1)]
          tries += 1
          deciding.replaceRunner()
          if (answer) yield await Promise.resolve(answer)
        },
      },
    })
    const updates: GenerationUpdate[] = []
    for await (const update of serving.generate(request, { signal: new AbortController().signal })) updates.push(update)
    return { updates, tries }
  }

  it('dies is retried once', async () => {
    expect(await retrying([died])).toEqual({ updates: [died], tries: 2 })
    expect(await retrying([died, finished])).toEqual({ updates: [finished], tries: 2 })
  })

  it('is gone before it had the request goes to the next one without using up its retry', async () => {
    expect(await retrying([missed, died, missed, finished])).toEqual({ updates: [finished], tries: 4 })
  })

  it('refuses it for good is not retried', async () => {
    expect(await retrying([refused])).toEqual({ updates: [refused], tries: 1 })
  })
})

describe('a request', () => {
  /** A request whose first two tries miss their runner, which is back 10 seconds later. */
  const missingTwice = async (meanwhile: () => void): Promise<{ answer: unknown; tries: number }> => {
    vi.useFakeTimers()
    try {
      const deciding = new Deciding()
      let tries = 0
      const missed: GenerationUpdate = { type: 'failed', code: 'model_unavailable', message: 'not connected' }
      serving = new Serving({
        nodeId: deciding.nodeId,
        source: deciding,
        observer: deciding,
        rankZero: {
          generate: async function* () {
            tries += 1
            meanwhile()
            yield await Promise.resolve(tries < 3 ? missed : finished)
          },
        },
      })
      const answer = serving.generate(request, { signal: new AbortController().signal }).next()
      await vi.advanceTimersByTimeAsync(10_000)
      return { answer: await answer, tries }
    } finally {
      vi.useRealTimers()
    }
  }

  it('whose machine restarts is routed to the same runner when it is back, though the state never showed it gone', async () => {
    expect(await missingTwice(() => undefined)).toMatchObject({ answer: { value: finished }, tries: 3 })
  })

  it.each([3_600_000, -3_600_000])('waits as long as any other if the system’s clock is set by %i ms', async (byMs) => {
    const set = (): void => void vi.setSystemTime(Date.now() + byMs)
    expect(await missingTwice(set)).toMatchObject({ answer: { value: finished }, tries: 3 })
  })

  it('that waits when its own node restarts is refused with a Retry-After', async () => {
    const deciding = new Deciding()
    deciding.world.fail(deciding.id)
    const answer = serve(deciding).generate(request, { signal: new AbortController().signal }).next()
    await serving.refuseForRestart(1000)
    expect(await answer).toMatchObject({ value: { type: 'failed', code: 'overloaded', retryAfter: 2 } })
  })

  it('is completed by another machine when its own node restarts, and one that comes then is refused', async () => {
    const deciding = new Deciding()
    const one = await begun(serve(deciding))
    const drained = serving.drain(2 ** 30)
    const late = serving.generate(request, { signal: new AbortController().signal }).next()
    const immediately = new Promise((resolve) => setImmediate(() => resolve('both wait')))
    expect(await Promise.race([drained, late, immediately])).toBe('both wait')
    await one.finish()
    await drained
    await serving.refuseForRestart(1000)
    expect(await late).toMatchObject({ value: { type: 'failed', code: 'overloaded', retryAfter: 2 } })
    expect(deciding.tasks()).toMatchObject([{ status: 'Complete' }])
  })
})
