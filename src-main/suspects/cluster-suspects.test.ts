import { describe, expect, it } from 'vitest'
import type { GenerationRequest } from '@core/generation/request'
import type { GenerationUpdate } from '@core/generation/stream'
import { ModelId, NodeId, TaskId } from '@core/ids'
import { MAX_DEATHS } from '@core/suspects/suspicion'
import { ClusterSuspects } from './cluster-suspects'

const usage = { promptTokens: 1, cachedTokens: 0, completionTokens: 1 }
const FINISHED: GenerationUpdate = { type: 'finished', reason: 'stop', usage }
const DIED: GenerationUpdate = { type: 'failed', code: 'runner_failed', message: 'boom' }

let tasks = 0
const request = (text: string): GenerationRequest => ({
  taskId: TaskId.parse(`task-${++tasks}`),
  modelId: ModelId.parse('muster/tiny'),
  prompt: { kind: 'text', text },
  sampling: {},
  stop: [],
})

const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve))
}

/** Machines connected by function calls. Each runs a model whose runner dies when it receives the text `killer`. */
class Machines {
  readonly nodes: readonly NodeId[]
  readonly deaths: string[] = []
  readonly running: string[] = []
  readonly cut = new Set<string>()
  /** Delays runs of all other texts. */
  hold: Promise<void> = Promise.resolve()
  private readonly all = new Map<NodeId, ClusterSuspects>()

  constructor(count: number, { older = [] }: { older?: readonly number[] } = {}) {
    this.nodes = Array.from({ length: count }, (_, at) => NodeId.parse(`machine ${at}`))
    const isOlder = (peer: NodeId): boolean => older.some((at) => this.nodes[at] === peer)
    for (const self of this.nodes) {
      const linked = (): NodeId[] =>
        this.nodes.filter((peer) => peer !== self && !this.cut.has([self, peer].toSorted().join()))
      const open = (peer: NodeId, kind: string, params: unknown, signal: AbortSignal) =>
        this.open({ peer, kind, params, signal, isThere: linked().includes(peer) && !isOlder(peer) })
      this.all.set(
        self,
        new ClusterSuspects({
          self,
          master: () => this.nodes[0],
          links: () => ({
            all: () => linked().map((peer) => ({ peer })),
            ask: async (peer, kind, params) =>
              (await open(peer, kind, params, new AbortController().signal).next()).value as unknown,
            open,
          }),
        }),
      )
    }
  }

  at(at: number): ClusterSuspects {
    const found = this.all.get(this.nodes[at] ?? NodeId.parse('none'))
    if (!found) throw new Error('no such machine')
    return found
  }

  async ask(at: number, text: string, asked = request(text)): Promise<GenerationUpdate | undefined> {
    const { suspects } = this.at(at)
    let last: GenerationUpdate | undefined
    const run = (): AsyncIterable<GenerationUpdate> => this.run(at, asked, text)
    for await (const update of suspects.admit(asked, new AbortController().signal, run)) last = update
    return last
  }

  private async *run(at: number, asked: GenerationRequest, text: string): AsyncGenerator<GenerationUpdate> {
    this.running.push(`${text} at ${at}`)
    await (text === 'killer' ? settled() : this.hold)
    if (text === 'killer') {
      this.deaths.push(`at ${at}`)
      this.at(at).suspects.suspect([asked], `machine ${at}: ended by SIGABRT`)
    }
    yield text === 'killer' ? DIED : FINISHED
  }

  private async *open(call: {
    peer: NodeId
    kind: string
    params: unknown
    signal: AbortSignal
    isThere: boolean
  }): AsyncGenerator {
    const serve = this.all.get(call.peer)?.handlers.get(call.kind)
    if (!call.isThere || !serve) throw new Error('unknown stream')
    // As over a link: closing the stream aborts it at the other end.
    const left = new AbortController()
    call.signal.addEventListener('abort', () => left.abort(), { once: true })
    try {
      yield* serve(JSON.parse(JSON.stringify(call.params)), left.signal)
    } finally {
      left.abort()
    }
  }
}

describe('a request that ends runners', () => {
  it('ends two in the whole cluster, on whichever machines, and is then refused everywhere', async () => {
    const machines = new Machines(3)
    expect(await machines.ask(0, 'killer')).toEqual(DIED)
    expect(await machines.ask(2, 'killer')).toEqual(DIED)
    for (const at of [0, 1, 2]) {
      const refused = await machines.ask(at, 'killer')
      expect(refused).toMatchObject({ type: 'failed', code: 'ended_runners' })
      expect(refused).toMatchObject({ message: expect.stringMatching(/machine 0: .*SIGABRT; machine 2: /) as string })
      expect(machines.at(at).suspects.refusal(request('killer'))).toEqual(refused)
      expect(await machines.ask(at, 'innocent')).toEqual(FINISHED)
    }
    expect(machines.deaths).toEqual(['at 0', 'at 2'])
  })

  it('ends no more than two if copies of it arrive at all machines at once after the first death', async () => {
    const machines = new Machines(4)
    await machines.ask(1, 'killer')
    const answers = await Promise.all([0, 1, 2, 3, 3, 2, 1, 0].map((at) => machines.ask(at, 'killer')))
    expect(machines.deaths).toHaveLength(MAX_DEATHS)
    expect(answers.filter((answer) => answer === DIED)).toHaveLength(MAX_DEATHS - 1)
  })

  it('becomes known to a machine that missed the broadcast, with the request itself or over a new link', async () => {
    const machines = new Machines(3)
    machines.cut.add('machine 0,machine 1')
    machines.cut.add('machine 1,machine 2')
    await machines.ask(0, 'killer')
    await machines.ask(2, 'killer')
    expect(machines.at(1).suspects.of(request('killer'))).toBeUndefined()
    const told = machines.at(2).suspects.of(request('killer'))
    if (told) machines.at(1).suspects.learn([told])
    expect(await machines.ask(1, 'killer')).toMatchObject({ code: 'ended_runners' })

    const others = new Machines(2)
    others.cut.add('machine 0,machine 1')
    await others.ask(0, 'killer')
    await others.ask(0, 'killer')
    others.cut.clear()
    for (const at of [0, 1]) others.at(at).linksChanged()
    await settled()
    expect(await others.ask(1, 'killer')).toMatchObject({ code: 'ended_runners' })
  })

  it('is refused by a machine of this version where the master is an older one', async () => {
    const machines = new Machines(3, { older: [0] })
    await machines.ask(1, 'killer')
    await machines.ask(2, 'killer')
    expect(await machines.ask(1, 'killer')).toMatchObject({ code: 'ended_runners' })
  })
})

describe('a request that was running when another one ended the runner', () => {
  it('runs one copy at a time in the cluster, and is cleared on every member by its answer', async () => {
    const machines = new Machines(3)
    const unlucky = request('unlucky')
    machines.at(1).suspects.suspect([unlucky], 'ended by SIGABRT')
    await settled()
    let release = (): void => undefined
    machines.hold = new Promise((resolve) => (release = resolve))
    const answers = [0, 1, 2].map((at) => machines.ask(at, 'unlucky'))
    await settled()
    expect(machines.running).toHaveLength(1)
    release()
    expect(await Promise.all(answers)).toEqual([FINISHED, FINISHED, FINISHED])
    await settled()
    machines.at(0).suspects.suspect([unlucky], 'ended by SIGABRT')
    await settled()
    expect(machines.at(2).suspects.refusal(unlucky)).toBeUndefined()
  })

  it('is the same request whatever the order of its fields, which a link may change', async () => {
    const machines = new Machines(2)
    const one: GenerationRequest = { ...request('killer'), sampling: { temperature: 1, topP: 0.5 } }
    const { sampling: _sampling, taskId: _taskId, ...rest } = one
    const other = { sampling: { topP: 0.5, temperature: 1 }, ...rest, taskId: TaskId.parse('another try') }
    await machines.ask(0, 'killer', one)
    await machines.ask(1, 'killer', other)
    expect(machines.at(0).suspects.refusal(one)).toBeDefined()
  })
})
