/**
 * `npx tsx tests/bench/scale.ts`: measures what a cluster of 3, 30 and 300 machines costs, and writes the table of
 * docs/scale.md anew. Nothing waits for it: it says how curves run, and `npm run bench` holds limits.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { EPOCHS_SENT, withLatestEpochs } from '@core/consensus/log-end'
import { HEARTBEAT_MS } from '@core/consensus/replica'
import { Folding } from '@core/fold/fold'
import type { Event } from '@core/events/event'
import { ModelId, NodeId } from '@core/ids'
import { place } from '@core/placement/place'
import { next } from '@core/events/next'
import { runPass } from '@core/reconcile/pass'
import { GB, smallCard, World } from '@core/testing/world'
import { mesh } from './placement.bench'
import { median } from './report'

const SIZES = [3, 30, 300]
const RUNS = 15
const EVENTS = 3000
const BEGIN = '<!-- measured: begin -->'
const END = '<!-- measured: end -->'

/** As many machines as declarations, each ready on one. */
const settled = (size: number): World => {
  const world = new World()
  const model = ModelId.parse('m/one')
  world.cards = { [model]: { status: 'loaded', card: { ...smallCard, modelId: model } } }
  for (let at = 0; at < size; at += 1) world.addNode(`node-${at}`, { free: 7 * GB, total: 8 * GB })
  for (const [at, { nodeId }] of Object.values(world.state.nodes).entries())
    world.declare(`declared-${at}`, { modelId: model, nodeIds: [nodeId] })
  world.reconcile()
  for (const { shards } of Object.values(world.state.instances))
    for (const { runnerId } of shards) world.apply({ type: 'RunnerStatusUpdated', runnerId, status: 'Ready' })
  return world
}

/** Median milliseconds of processor time: what else the machine does is not counted. */
const timed = (act: () => void): number => {
  const one = (): number => {
    const before = process.cpuUsage()
    act()
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1000
  }
  // The first ones are compiled.
  for (let run = 0; run < RUNS; run += 1) act()
  return median(Array.from({ length: RUNS }, one))
}

const reports = (world: World): Event[] => {
  const nodes = Object.values(world.state.nodes)
  return Array.from({ length: EVENTS }, (_, at): Event => {
    const node = nodes[at % nodes.length]
    if (node === undefined) throw new Error('no machine to report')
    const { nodeId, ...info } = node
    const memory = { ...info.memory, ramAvailable: info.memory.ramAvailable - at }
    return { type: 'NodeGatheredInfo', nodeId, info: { ...info, memory } }
  })
}

const foldPerSecond = (world: World): number => {
  const events = reports(world)
  const milliseconds = timed(() => {
    const folding = new Folding(world.state)
    for (const event of events) folding.fold(folding.read((state) => next(state, event, world.now)))
  })
  return (1000 * events.length) / milliseconds
}

const placing = (size: number): number => {
  const state = mesh(size)
  // More than any one machine has, and less than three have together.
  const card = { ...smallCard, storageBytes: 100 * GB, layers: 60 }
  const wanted = { sharding: 'Pipeline', instanceMeta: 'MlxRing', minNodes: 2, placementPreference: 'auto' } as const
  return timed(() => {
    const result = place(state, card, wanted)
    if (result.status === 'refused') throw new Error(result.error.reason)
  })
}

/** What a leader tells each follower, after many changes of the leader. */
const heartbeatBytes = (followers: number): number => {
  const master = NodeId.parse('f'.repeat(64))
  const epochs = Array.from({ length: 100 }, (_, at) => ({ term: at + 1, master, from: 10 * at + 1 }))
  const log = withLatestEpochs({ sequence: 1000, epochs }, EPOCHS_SENT)
  return JSON.stringify({ type: 'lead', term: 100, log, followers }).length
}

const bytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value))
const kib = (value: number): string => `${(value / 1024).toFixed(1)} KiB`
const ms = (value: number): string => `${value.toFixed(2)} ms`

const column = (size: number): readonly string[] => {
  const world = settled(size)
  const [report] = reports(world)
  const beat = heartbeatBytes(size - 1)
  return [
    ms(placing(size)),
    ms(
      timed(() => {
        const { events } = runPass(world.state, world.inputs())
        if (events.length > 0) throw new Error('a settled cluster has something to do')
      }),
    ),
    `${Math.round(foldPerSecond(world)).toLocaleString('en')} /s`,
    `${beat} B`,
    `${kib((beat * (size - 1) * 1000) / HEARTBEAT_MS)}/s`,
    kib(bytes(world.state)),
    `${bytes(report)} B`,
  ]
}

const ROWS = [
  'a placement, all machines meshed, two at least',
  'a pass of the reconciler with nothing to do',
  'events folded',
  'a heartbeat to one follower',
  'heartbeats of the leader, to all',
  'the state, as a window or a follower gets it at first',
  'an event of the stream: one machine’s report',
]

const columns = SIZES.map(column)
const table = [
  `| | ${SIZES.map((size) => `${size} machines`).join(' | ')} |`,
  `| --- | ${SIZES.map(() => '---').join(' | ')} |`,
  ...ROWS.map((name, row) => `| ${name} | ${columns.map((figures) => figures[row] ?? '').join(' | ')} |`),
].join('\n')

const page = path.resolve(import.meta.dirname, '..', '..', 'docs', 'scale.md')
const text = readFileSync(page, 'utf8')
const [before, after] = [text.indexOf(BEGIN), text.indexOf(END)]
if (before < 0 || after < before) throw new Error(`${page} has no place for the table`)
writeFileSync(page, `${text.slice(0, before)}${BEGIN}\n${table}\n${text.slice(after)}`)
console.log(table)
