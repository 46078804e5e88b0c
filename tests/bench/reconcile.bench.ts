import { Folding } from '@core/fold/fold'
import type { Event } from '@core/events/event'
import { ModelId } from '@core/ids'
import { next } from '@core/events/next'
import { runPass } from '@core/reconcile/pass'
import { GB, smallCard, World } from '@core/testing/world'
import { Metrics } from '@main/metrics/metrics'
import { processorTime } from './own-processor-time'
import { figure, median, milliseconds, spread, type Bench } from './report'

const SIZE = 1000
const PASSES = 31
const ROUNDS = 7
const EVENTS = 20_000

/** As many machines as declarations, each with its instance ready. */
const settledWorld = (): World => {
  const world = new World()
  const model = ModelId.parse('m/one')
  world.cards = { [model]: { status: 'loaded', card: { ...smallCard, modelId: model } } }
  for (let at = 0; at < SIZE; at += 1) world.addNode(`node-${at}`, { free: 7 * GB, total: 8 * GB })
  for (let at = 0; at < SIZE; at += 1) {
    world.declare(`declared-${at}`, {
      modelId: model,
      nodeIds: [...Object.values(world.state.nodes)].slice(at, at + 1).map(({ nodeId }) => nodeId),
    })
  }
  world.reconcile()
  for (const instance of Object.values(world.state.instances))
    for (const { runnerId } of instance.shards) world.apply({ type: 'RunnerStatusUpdated', runnerId, status: 'Ready' })
  return world
}

/** What a busy cluster reports: machines, runners, tasks. */
const reports = (world: World): Event[] => {
  const nodes = Object.values(world.state.nodes)
  const runners = Object.keys(world.state.runners)
  const events: Event[] = []
  for (let at = 0; at < EVENTS; at += 1) {
    const node = nodes[at % nodes.length]
    const runnerId = runners[at % runners.length]
    const runner = runnerId === undefined ? undefined : world.state.runners[runnerId]
    if (node === undefined || runner === undefined) continue
    const { nodeId, ...info } = node
    if (at % 2 === 0) {
      const memory = { ...info.memory, ramAvailable: info.memory.ramAvailable - at }
      events.push({ type: 'NodeGatheredInfo', nodeId, info: { ...info, memory } })
    } else {
      const status = at % 4 === 1 ? 'Running' : 'Ready'
      const shard = Object.values(world.state.instances)[at % runners.length]?.shards[0]
      if (shard) events.push({ type: 'RunnerStatusUpdated', runnerId: shard.runnerId, status })
    }
  }
  return events
}

/** Events folded per second, where somebody takes the state to keep after every `eventsPerLook`. */
const foldRate = (world: World, events: readonly Event[], { eventsPerLook }: { eventsPerLook: number }): number => {
  const folding = new Folding(world.state)
  const kept: unknown[] = []
  const began = performance.now()
  for (const [at, event] of events.entries()) {
    folding.fold(folding.read((state) => next(state, event, world.now)))
    if ((at + 1) % eventsPerLook === 0) kept.push(folding.state)
  }
  if (kept.length === 0) throw new Error('nobody looked')
  return events.length / ((performance.now() - began) / 1000)
}

/** Processor time of one page of `GET /metrics`, each declaration being one series. */
const scrapes = async (world: World): Promise<number[]> => {
  const metrics = new Metrics({
    source: { state: () => world.state, subscribe: () => () => undefined },
    live: () => ({ running: 0, waiting: 0 }),
    reconciles: () => 0,
    isMaster: () => true,
    usage: () => ({}),
    keyName: String,
  })
  const times: number[] = []
  for (let page = 0; page < PASSES; page += 1) {
    const began = processorTime()
    await metrics.page({ byKey: false })
    times.push(processorTime() - began)
  }
  metrics.close()
  return times
}

/** What a large cluster costs its master. */
export const run = async (): Promise<Bench> => {
  const world = settledWorld()
  const passes: number[] = []
  for (let pass = 0; pass < PASSES; pass += 1) {
    const began = performance.now()
    const { events } = runPass(world.state, world.inputs())
    passes.push(performance.now() - began)
    if (events.length > 0) throw new Error(`there was something to do: ${JSON.stringify(events[0])}`)
  }
  const pages = await scrapes(world)
  const events = reports(world)
  const inOneGo = Array.from({ length: ROUNDS }, () => foldRate(world, events, { eventsPerLook: EVENTS }))
  const watched = Array.from({ length: ROUNDS }, () => foldRate(world, events, { eventsPerLook: 100 }))
  return {
    name: `${SIZE} declarations on ${SIZE} machines`,
    rows: [
      figure('a pass with nothing to do', milliseconds(median(passes)), {
        value: median(passes),
        atMost: 5,
        unit: 'ms',
        noise: spread(passes),
      }),
      figure('a page of /metrics, processor time', milliseconds(median(pages)), {
        value: median(pages),
        atMost: 20,
        unit: 'ms',
        noise: spread(pages),
      }),
      figure('events folded', `${Math.round(median(inOneGo)).toLocaleString('en')} /s`, {
        value: median(inOneGo),
        atLeast: 100_000,
        unit: '/s',
        noise: spread(inOneGo, 0),
      }),
      figure(
        'events folded, the state kept by somebody after every 100th',
        `${Math.round(median(watched)).toLocaleString('en')} /s`,
      ),
    ],
  }
}
