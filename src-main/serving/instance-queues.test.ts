import { afterEach, describe, expect, it } from 'vitest'
import type { Envelope, Event } from '@core/events/event'
import type { GenerationRequest } from '@core/generation/request'
import type { GenerationUpdate } from '@core/generation/stream'
import { TaskId, type InstanceId } from '@core/ids'
import { next } from '@core/events/next'
import { readyWorld, SMALL } from '@core/testing/world'
import { InstanceQueues } from './instance-queues'

const BATCH = 2
const usage = { promptTokens: 1, cachedTokens: 0, completionTokens: 1 }

/** A machine whose runner answers on demand, one update per request. */
class Machine {
  private readonly ready = readyWorld()
  private readonly listeners = new Set<(envelope: Envelope) => void>()
  private readonly answering = new Map<string, (reason: 'stop' | 'cancelled') => void>()
  readonly began: string[] = []
  readonly instanceId: InstanceId = this.ready.world.instance(this.ready.id).instanceId
  clock = 0
  readonly queues: InstanceQueues

  /** Requests for which this returns true are suspects and run alone. */
  suspected: (name: string) => boolean = () => false
  private turn: Promise<unknown> = Promise.resolve()

  constructor(limits = { waiting: 20, waitingOfKey: 15 }) {
    this.queues = new InstanceQueues({
      source: {
        state: () => this.ready.world.state,
        subscribe: (listener) => {
          this.listeners.add(listener)
          return () => void this.listeners.delete(listener)
        },
      },
      runner: { generate: (request, { signal }) => this.run(request, signal), batchSizeOf: () => BATCH },
      suspects: {
        of: ({ taskId }) => (this.suspected(taskId) ? {} : undefined),
        admit: ({ taskId }, _signal, run) => (this.suspected(taskId) ? this.alone(run) : run()),
      },
      now: () => this.clock,
      limits,
    })
  }

  /** Requests in the runner. */
  get running(): number {
    return this.answering.size
  }

  take(event: Event): void {
    const envelope = next(this.ready.world.state, event, this.ready.world.now)
    this.ready.world.apply(event)
    for (const listener of this.listeners) listener(envelope)
  }

  finish(name: string | undefined): void {
    this.answering.get(name ?? '')?.('stop')
  }

  /** Sends a request and returns its updates when it ends. */
  send(
    name: string,
    {
      key,
      signal = new AbortController().signal,
      countOnly,
    }: { key?: string; signal?: AbortSignal; countOnly?: true } = {},
  ) {
    const request: GenerationRequest = {
      taskId: TaskId.parse(name),
      modelId: SMALL,
      prompt: { kind: 'text', text: 'x' },
      sampling: {},
      stop: [],
      ...(countOnly && { countOnly }),
    }
    return collected(
      this.queues.generate(request, { instanceId: this.instanceId, signal, ...(key !== undefined && { key }) }),
    )
  }

  private async *alone(run: () => AsyncIterable<GenerationUpdate>): AsyncGenerator<GenerationUpdate> {
    const before = this.turn
    let done = (): void => undefined
    this.turn = new Promise<void>((resolve) => (done = resolve))
    await before
    yield* run()
    done()
  }

  private async *run({ taskId }: GenerationRequest, signal: AbortSignal): AsyncGenerator<GenerationUpdate> {
    this.began.push(taskId)
    const reason = await new Promise<'stop' | 'cancelled'>((resolve) => {
      this.answering.set(taskId, resolve)
      if (signal.aborted) resolve('cancelled')
      else signal.addEventListener('abort', () => resolve('cancelled'), { once: true })
    })
    this.answering.delete(taskId)
    yield { type: 'finished', reason, usage }
  }
}

const collected = async (updates: AsyncIterable<GenerationUpdate>): Promise<GenerationUpdate[]> => {
  const all: GenerationUpdate[] = []
  for await (const update of updates) all.push(update)
  return all
}

/** Waits until pending callbacks have run. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

let machine: Machine
afterEach(() => machine.queues.close())

describe('requests for one instance', () => {
  it('run together up to the runner’s batch; the others wait their turn', async () => {
    machine = new Machine()
    const sent = ['a', 'b', 'c', 'd'].map((name) => machine.send(name))
    await settled()
    expect([machine.began, machine.queues.live]).toEqual([['a', 'b'], { running: 2, waiting: 2 }])
    machine.finish('b')
    await settled()
    expect(machine.began).toEqual(['a', 'b', 'c'])
    for (const name of ['a', 'c', 'd']) {
      machine.finish(name)
      await settled()
    }
    expect((await Promise.all(sent)).map((updates) => updates.at(-1))).toEqual(
      sent.map(() => ({ type: 'finished', reason: 'stop', usage })),
    )
    expect(machine.queues.live).toEqual({ running: 0, waiting: 0 })
  })

  it('hear how many are ahead of them whenever that changes, until their turn', async () => {
    machine = new Machine()
    const [a, b, c, d, e] = ['a', 'b', 'c', 'd', 'e'].map((name) => machine.send(name))
    await settled()
    const leaving = new AbortController()
    const f = machine.send('f', { signal: leaving.signal })
    await settled()
    machine.finish('a')
    await settled()
    leaving.abort()
    for (const name of ['b', 'c', 'd', 'e']) {
      await settled()
      machine.finish(name)
    }
    const places = (updates: GenerationUpdate[] | undefined): (number | undefined)[] =>
      (updates ?? []).flatMap((update) => (update.type === 'progress' ? [update.ahead] : []))
    const heard = await Promise.all([a, b, c, d, e, f])
    expect(heard.map(places)).toEqual([[], [], [0], [1, 0], [2, 1, 0], [3, 2]])
  })

  it('give their slot back where nobody reads on after the place', async () => {
    machine = new Machine()
    const sent = ['a', 'b'].map((name) => machine.send(name))
    await settled()
    const signal = new AbortController().signal
    const request = {
      taskId: TaskId.parse('c'),
      modelId: SMALL,
      prompt: { kind: 'text', text: 'x' },
      sampling: {},
      stop: [],
    } as const
    const reader = machine.queues
      .generate({ ...request, stop: [] }, { instanceId: machine.instanceId, signal })
      [Symbol.asyncIterator]()
    expect((await reader.next()).value).toMatchObject({ type: 'progress', processed: 0, ahead: 0 })
    machine.finish('a')
    await settled()
    expect(machine.queues.live).toEqual({ running: 2, waiting: 0 })
    await reader.return?.()
    expect(machine.queues.live).toEqual({ running: 1, waiting: 0 })
    machine.finish('b')
    await Promise.all(sent)
  })

  it('of one key do not hold up the single one of another', async () => {
    machine = new Machine()
    for (let number = 0; number < 15; number += 1) void machine.send(`many ${number}`, { key: 'many' })
    void machine.send('one', { key: 'one' })
    await settled()
    machine.finish('many 0')
    await settled()
    machine.finish('many 1')
    await settled()
    expect(machine.began.slice(2)).toContain('one')
  })

  it('leave the queue at once when their clients go, and never run', async () => {
    machine = new Machine()
    const clients = Array.from({ length: 10 }, () => new AbortController())
    const sent = clients.map(({ signal }, number) => machine.send(String(number), { signal }))
    await settled()
    clients.forEach((client, number) => number % 2 === 1 && client.abort())
    expect(machine.queues.live.waiting).toBe(4)
    while (machine.queues.live.running > 0) {
      machine.finish(machine.began.at(-1))
      machine.finish(machine.began.at(-2))
      await settled()
    }
    // Requests 0 and 1 were running; 1 was cancelled in the runner.
    expect(machine.began).toEqual(['0', '1', '2', '4', '6', '8'])
    expect((await Promise.all(sent))[3]?.at(-1)).toMatchObject({ type: 'finished', reason: 'cancelled' })
    expect(machine.queues.live).toEqual({ running: 0, waiting: 0 })
  })

  it('leave it when their task is cancelled or the instance ends', async () => {
    machine = new Machine()
    void machine.send('a')
    void machine.send('b')
    const cancelled = machine.send('c')
    const left = machine.send('d')
    await settled()
    machine.take({ type: 'TaskStatusUpdated', taskId: TaskId.parse('c'), status: 'Cancelled' })
    expect((await cancelled).at(-1)).toMatchObject({ type: 'finished', reason: 'cancelled' })
    machine.take({ type: 'InstanceDeleted', instanceId: machine.instanceId })
    // With this code the request can be sent to another instance.
    expect((await left).at(-1)).toMatchObject({ type: 'failed', code: 'model_unavailable' })
    expect(machine.began).toEqual(['a', 'b'])
  })

  it('are refused with a Retry-After when the queue is full', async () => {
    machine = new Machine()
    for (let number = 0; number < 2; number += 1) void machine.send(`runs ${number}`)
    await settled()
    machine.clock = 4000
    machine.finish('runs 0')
    await settled()
    for (const key of ['a', 'b'])
      for (let number = 0; number < 11; number += 1) void machine.send(`${key} ${number}`, { key })
    await settled()
    expect(machine.queues.live).toEqual({ running: 2, waiting: 20 })
    // Ten requests are ahead, two at a time, each taking four seconds.
    expect(await machine.send('late', { key: 'c' })).toMatchObject([
      { type: 'failed', code: 'overloaded', retryAfter: 20 },
    ])
  })

  it('are refused when the queue is full for their key, while other keys are admitted', async () => {
    machine = new Machine()
    for (let number = 0; number < 17; number += 1) void machine.send(`a ${number}`, { key: 'a' })
    await settled()
    expect(await machine.send('one more', { key: 'a' })).toMatchObject([{ type: 'failed', code: 'too_many_requests' }])
    void machine.send('other', { key: 'b' })
    await settled()
    expect(machine.queues.live.waiting).toBe(16)
  })

  it('that are suspects take one slot in all and leave the others to requests that are none', async () => {
    machine = new Machine()
    machine.suspected = (name) => name.startsWith('suspect')
    for (let number = 0; number < 5; number += 1) void machine.send(`suspect ${number}`)
    void machine.send('innocent')
    await settled()
    expect([...machine.began].sort()).toEqual(['innocent', 'suspect 0'])
    machine.finish('suspect 0')
    await settled()
    expect(machine.began).toContain('suspect 1')
  })

  it('that become suspects while they wait do not hold slots for which a suspect waits', async () => {
    machine = new Machine()
    for (const name of ['runs 0', 'runs 1', 'copy 0', 'copy 1']) void machine.send(name)
    await settled()
    // A request of the same content has ended another runner, and is sent here now.
    machine.suspected = (name) => name.startsWith('copy')
    void machine.send('copy 2')
    await settled()
    machine.finish('runs 0')
    machine.finish('runs 1')
    await settled()
    for (const name of ['copy 2', 'copy 0', 'copy 1']) {
      expect(machine.began.at(-1)).toBe(name)
      expect(machine.running).toBe(1)
      machine.finish(name)
      await settled()
    }
    expect(machine.queues.live).toEqual({ running: 0, waiting: 0 })
  })

  it('are held back while the node drains, and end as not begun when it shuts down', async () => {
    machine = new Machine()
    const running = machine.send('running')
    await settled()
    const drained = machine.queues.drain(60_000)
    const held = machine.send('held')
    await settled()
    expect(machine.began).toEqual(['running'])
    machine.finish('running')
    await Promise.all([running, drained])
    expect(machine.began).toEqual(['running'])
    machine.queues.releaseWaiting()
    expect((await held).at(-1)).toMatchObject({ type: 'failed', code: 'model_unavailable' })
  })

  it('that only count tokens bypass the queue', async () => {
    machine = new Machine()
    for (const name of ['a', 'b', 'c']) void machine.send(name)
    void machine.send('count', { countOnly: true })
    await settled()
    expect(machine.began).toEqual(['a', 'b', 'count'])
    expect(machine.running).toBe(3)
  })
})
