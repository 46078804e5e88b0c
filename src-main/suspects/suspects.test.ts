import { describe, expect, it } from 'vitest'
import type { GenerationRequest } from '@core/generation/request'
import type { GenerationUpdate } from '@core/generation/stream'
import { ModelId, TaskId } from '@core/ids'
import { MAX_DEATHS, MAX_SUSPECTS, SUSPICION_MS } from '@core/suspects/suspicion'
import { Suspects } from './suspects'

const usage = { promptTokens: 1, cachedTokens: 0, completionTokens: 1 }
const FINISHED: GenerationUpdate = { type: 'finished', reason: 'stop', usage }
const DIED: GenerationUpdate = { type: 'failed', code: 'runner_failed', message: 'boom' }
const never = new AbortController().signal

let tasks = 0
const request = (text: string): GenerationRequest => ({
  taskId: TaskId.parse(`task-${++tasks}`),
  modelId: ModelId.parse('muster/tiny'),
  prompt: { kind: 'text', text },
  sampling: {},
  stop: [],
})

/** A runner that dies when it receives one of these texts, together with all running requests. */
class Runner {
  readonly deaths: string[][] = []
  private live = new Map<string, (update: GenerationUpdate) => void>()

  constructor(
    readonly suspects: Suspects,
    private readonly killers: ReadonlySet<string>,
  ) {}

  get answering(): string[] {
    return [...this.live.keys()]
  }

  async ask(text: string, signal = never): Promise<GenerationUpdate | undefined> {
    const asked = request(text)
    let last: GenerationUpdate | undefined
    for await (const update of this.suspects.admit(asked, signal, () => this.run(text))) last = update
    return last
  }

  /** Retries once after the runner died, as a node does. */
  async insist(text: string): Promise<GenerationUpdate | undefined> {
    const first = await this.ask(text)
    return first === DIED ? this.ask(text) : first
  }

  finish(text: string): void {
    this.live.get(text)?.(FINISHED)
    this.live.delete(text)
  }

  finishAll(): void {
    for (const text of this.answering) this.finish(text)
  }

  private async *run(text: string): AsyncGenerator<GenerationUpdate> {
    const end = new Promise<GenerationUpdate>((resolve) => this.live.set(text, resolve))
    if (this.killers.has(text)) this.die()
    yield await end
  }

  private die(): void {
    this.deaths.push(this.answering)
    this.suspects.suspect(this.answering.map(request), 'ended by SIGABRT')
    for (const settle of this.live.values()) settle(DIED)
    this.live.clear()
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('requests that were answered while a runner died', () => {
  it.each([0, 3, 7])('are all answered except the one that ends runners, at whichever position (%i)', async (at) => {
    const texts = Array.from({ length: 8 }, (_, n) => (n === at ? 'killer' : `innocent ${n}`))
    const runner = new Runner(new Suspects(), new Set(['killer']))
    const asked = new Map(texts.map((text) => [text, runner.insist(text)]))
    const innocents = Promise.all([...asked].filter(([text]) => text !== 'killer').map(([, answer]) => answer))
    let over = false
    void innocents.then(() => (over = true))
    while (!over) {
      await settled()
      runner.finishAll()
    }
    expect(new Set(await innocents)).toEqual(new Set([FINISHED]))
    expect(await asked.get('killer')).toEqual(DIED)
    expect(await runner.insist('killer')).toMatchObject({ type: 'failed', code: 'ended_runners' })
    expect(runner.deaths).toHaveLength(MAX_DEATHS)
  })

  it('run one at a time without delaying other requests', async () => {
    const suspects = new Suspects()
    const runner = new Runner(suspects, new Set())
    suspects.suspect([request('one'), request('two')], 'it hangs')
    const all = ['one', 'two', 'new'].map((text) => runner.ask(text))
    await settled()
    expect(runner.answering.toSorted()).toEqual(['new', 'one'])
    runner.finish('one')
    await settled()
    expect(runner.answering.toSorted()).toEqual(['new', 'two'])
    runner.finishAll()
    await Promise.all(all)
  })

  it('are cleared by a run that comes to its end', async () => {
    const suspects = new Suspects()
    const runner = new Runner(suspects, new Set())
    for (let round = 0; round < 3 * MAX_DEATHS; round += 1) {
      suspects.suspect([request('unlucky')], 'it hangs')
      const answer = runner.ask('unlucky')
      await settled()
      runner.finish('unlucky')
      expect(await answer).toEqual(FINISHED)
    }
  })

  it('are refused with the causes of death until the suspicion expires', async () => {
    let now = 0
    const suspects = new Suspects({ now: () => now })
    const runner = new Runner(suspects, new Set(['killer']))
    await runner.insist('killer')
    const refused = await runner.ask('killer')
    expect(refused).toMatchObject({
      code: 'ended_runners',
      message: expect.stringContaining('ended by SIGABRT') as string,
    })
    now += SUSPICION_MS
    expect(await runner.ask('killer')).toEqual(DIED)
  })

  it('leave the queue when their client disconnects', async () => {
    const suspects = new Suspects()
    const runner = new Runner(suspects, new Set())
    suspects.suspect(['one', 'two', 'three'].map(request), 'it hangs')
    const client = new AbortController()
    const one = runner.ask('one')
    const two = runner.ask('two', client.signal)
    const three = runner.ask('three')
    client.abort()
    expect(await two).toMatchObject({ type: 'finished', reason: 'cancelled' })
    await settled()
    // The queue has not advanced: the first request still runs.
    expect(runner.answering).toEqual(['one'])
    runner.finish('one')
    await one
    await settled()
    expect(runner.answering).toEqual(['three'])
    runner.finish('three')
    await three
  })

  it('are kept up to a limit, the latest ones', async () => {
    const suspects = new Suspects()
    const runner = new Runner(suspects, new Set())
    for (let death = 0; death < MAX_DEATHS; death += 1) suspects.suspect([request('old')], 'it hangs')
    suspects.suspect(
      Array.from({ length: MAX_SUSPECTS }, (_, n) => request(`later ${n}`)),
      'it hangs',
    )
    const answer = runner.ask('old')
    await settled()
    runner.finish('old')
    expect(await answer).toEqual(FINISHED)
  })
})
