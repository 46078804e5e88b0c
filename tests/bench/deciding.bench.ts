import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import type { LogEnd } from '@core/consensus/log-end'
import { startReplica, type Effect, type Replica } from '@core/consensus/replica'
import { step } from '@core/consensus/step'
import { isDecision, type Decision, type Envelope } from '@core/events/event'
import { CommandId, MetaInstanceId, NodeId } from '@core/ids'
import { World } from '@core/testing/world'
import { openLogFolder } from '@main/master/log/log-folder'
import type { Master } from '@main/master/master'
import { Storage } from '@main/master/log/storage'
import { LinkedMasters } from '@main/master/testing/linked-masters'
import { makePortion, STEPS } from '../chaos/portion'
import { temporaryFolder } from '../harness/headless-node'
import { figure, median, milliseconds, seconds, spread, type Bench, type Row } from './report'
import { monotonic } from '@core/time/clocks'

const [A, B] = [NodeId.parse('a'), NodeId.parse('b')]
const log = { info: () => undefined, warn: () => undefined }
const RECORDS = 100_000
const BITS_PER_SECOND = 100_000_000
const SEGMENT_BYTES = 15_000_000
const CHANGES_OF_LEADER = 5000
const DECISIONS = 200
const STARTS = 5
const CHAOS_SCHEDULES = 21
const MIB = 2 ** 20

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5))
}

const failure = (index: number): Envelope => ({
  ...{ v: 1, index, term: 1, at: 1_700_000_000_000 + index },
  event: {
    type: 'MetaInstancePlacementFailed',
    metaInstanceId: MetaInstanceId.parse('d'),
    reason: '3 machines: 1 offline (studio), 2 without enough memory; needs 40 GB',
    code: 'memory',
    details: {
      considered: 3,
      removed: [{ rule: 'memory', nodeIds: [A, B], detail: 'needs 40 GB each, has 12 GB' }],
      remaining: [],
    },
  },
})

/** A log of two members, and failures until it has so many records or bytes. */
const longLog = async (dataDir: string, isEnough: (records: number, bytes: number) => boolean): Promise<void> => {
  const { log: written } = openLogFolder({ dataDir, nodeId: A, log })
  const admitted = [A, B].map((nodeId, at): Envelope => ({
    ...{ v: 1, index: at + 1, term: 1, at: 1000 + at },
    event: { type: 'MemberAdmitted', nodeId, certificate: 'PEM', friendlyName: nodeId },
  }))
  await written.append([
    { kind: 'term', term: 1, master: A },
    ...admitted.map((envelope) => ({ kind: 'decision' as const, envelope })),
  ])
  for (let [records, bytes] = [3, 0]; !isEnough(records, bytes);) {
    const envelopes = Array.from({ length: 500 }, (_, at) => failure(records + at))
    await written.append(envelopes.map((envelope) => ({ kind: 'decision', envelope })))
    records += envelopes.length
    bytes += JSON.stringify(envelopes).length
  }
  await written.close()
}

let commands = 0
/** How long a change takes until it is acknowledged, in milliseconds. */
const changed = async (master: Master): Promise<number> => {
  const from = performance.now()
  const value = commands % 10
  commands += 1
  const commandId = CommandId.parse(`command-${commands}`)
  await master.submit({ type: 'ChangeSetting', change: { key: 'maxRetries', value } }, { commandId })
  return performance.now() - from
}

/** A machine that lacks a long log joins over a slow link, while the other takes commands. */
const catchingUp = async (): Promise<Row[]> => {
  const folder = temporaryFolder()
  const known = new Set<number>()
  let [sent, needed] = [0, 0]
  const linked = new LinkedMasters({
    bitsPerSecond: BITS_PER_SECOND,
    onSent: (bytes, { records = [], snapshot }) => {
      if (records.length === 0 && !snapshot) return
      sent += bytes
      needed += snapshot?.length ?? 0
      for (const record of records) {
        if (!known.has(record.sequence)) needed += JSON.stringify(record).length
        known.add(record.sequence)
      }
    },
  })
  try {
    const [one, two] = [join(folder.path, 'a'), join(folder.path, 'b')]
    await longLog(one, (records) => records >= RECORDS)
    const a = await linked.open(A, B, one)
    a.refused(B)
    await until(() => a.status().role === 'master')
    const b = await linked.open(B, A, two, [A])
    const from = performance.now()
    a.connected(B)
    b.connected(A)
    const took: number[] = []
    const isThere = () => Object.keys(b.state().members).length === 2 && b.status().role === 'follower'
    // At least so many, should it be there at once.
    while (!isThere() || took.length < 20) took.push(await changed(a))
    const caughtUp = (performance.now() - from) / 1000
    await until(() => b.state().settings.maxRetries === a.state().settings.maxRetries)
    return [
      figure('catching up with 100,000 records over 100 Mbit/s: sent ÷ needed', (sent / needed).toFixed(3), {
        ...{ value: sent / needed, atMost: 1.1 },
      }),
      figure('commands meanwhile', milliseconds(median(took)), {
        ...{ value: median(took), atMost: 50, unit: 'ms', noise: spread(took) },
      }),
      figure('until it had all of it', seconds(caughtUp)),
    ]
  } finally {
    await linked.close()
    folder.dispose()
  }
}

/** One decision on two disks, beside one disk alone, when the log's segment is long. */
const replicating = async (): Promise<Row> => {
  const folder = temporaryFolder()
  const linked = new LinkedMasters()
  try {
    const [one, two] = [join(folder.path, 'a'), join(folder.path, 'b')]
    await longLog(one, (_records, bytes) => bytes >= SEGMENT_BYTES)
    const a = await linked.open(A, B, one)
    a.refused(B)
    await until(() => a.status().role === 'master')
    const alone: number[] = []
    for (let at = 0; at < DECISIONS; at += 1) alone.push(await changed(a))
    const b = await linked.open(B, A, two, [A])
    a.connected(B)
    b.connected(A)
    await until(() => b.state().settings.maxRetries === a.state().settings.maxRetries && b.status().role === 'follower')
    const both: number[] = []
    for (let at = 0; at < DECISIONS; at += 1) both.push(await changed(a))
    // Two disks are synced one after the other: the first one's sync is what a machine alone waits for too.
    const beside = median(both) - 2 * median(alone)
    return figure('one decision replicated, 15 MB segment, beside two syncs', milliseconds(Math.max(0, beside)), {
      ...{ value: beside, atMost: 2, unit: 'ms', noise: `${spread(both)}; alone ${spread(alone)}` },
    })
  } finally {
    await linked.close()
    folder.dispose()
  }
}

const sends = (effects: readonly Effect[]): number[] =>
  effects.flatMap((effect) => (effect.kind === 'send' ? [JSON.stringify(effect.message).length] : []))

/** What a leader says four times a second, however often the leader has changed. */
const heartbeat = (): Row => {
  const epochs = Array.from({ length: CHANGES_OF_LEADER }, (_, at) => ({
    ...{ term: at + 1, master: NodeId.parse((at % 2 === 0 ? 'a' : 'b').repeat(64)), from: at * 3 + 1 },
  }))
  const end: LogEnd = { sequence: CHANGES_OF_LEADER * 3, epochs }
  const [self, peer] = [NodeId.parse('a'.repeat(64)), NodeId.parse('b'.repeat(64))]
  const leading: Replica = { ...startReplica(self, end, [self, peer], monotonic(0)), role: { kind: 'master' } }
  const { replica } = step(leading, { kind: 'connected', peer }, monotonic(0))
  const largest = Math.max(...sends(step(replica, { kind: 'tick' }, monotonic(1000)).effects))
  return figure('heartbeat after 5,000 changes of leader', `${largest} bytes`, {
    ...{ value: largest, atMost: 1024, unit: 'bytes' },
  })
}

const sizeOf = (path: string): number =>
  statSync(path).isDirectory()
    ? readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0)
    : statSync(path).size

const YEAR_MS = 365 * 24 * 3_600_000
/** A model that is loaded for so long before it fails. */
const LOADING_MS = 60_000

/** What whoever leads decides of one declaration that fails whenever it has been loaded, for a virtual year. */
function* failingYear(): Generator<Decision[]> {
  const world = new World()
  world.now = Date.UTC(2026, 0, 1)
  // It fails on one after the other.
  for (const name of ['Mac Studio', 'MacBook Pro']) world.addNode(name)
  const id = world.declare('failing')
  const end = world.now + YEAR_MS
  while (world.now < end) {
    world.reconcile()
    const { nextAttemptAt = 0 } = world.metaInstance(id)
    if (Object.keys(world.state.instances).length > 0) {
      world.wait(LOADING_MS)
      world.fail(id, '[metal] out of memory while loading layer 17 of 32')
    } else world.wait(Math.max(1000, nextAttemptAt - world.now))
    yield world.log.splice(0).filter(isDecision)
  }
}

const year = async (): Promise<Row[]> => {
  const folder = temporaryFolder()
  try {
    const options = { dataDir: folder.path, nodeId: A, log }
    const { storage } = Storage.open(options)
    let [index, records, largest] = [0, 0, 0]
    let batch: Envelope[] = []
    const at = Date.UTC(2026, 0, 1)
    const flush = async (): Promise<void> => {
      await storage.log.append(batch.map((envelope) => ({ kind: 'decision', envelope })))
      records += batch.length
      batch = []
      // As often as the node does it by itself: it does so while it goes on.
      if (records % 2000 < 500) await storage.takeSnapshot()
      largest = Math.max(largest, sizeOf(folder.path))
    }
    for (const events of failingYear()) {
      for (const event of events) {
        index += 1
        batch.push({ v: 1, index, term: 1, at: at + Math.round((index / 5) * 300_000), event })
      }
      if (batch.length >= 500) await flush()
    }
    await flush()
    await storage.close()
    const starts: number[] = []
    for (let run = 0; run < STARTS; run += 1) {
      const from = performance.now()
      const again = Storage.open(options)
      starts.push((performance.now() - from) / 1000)
      await again.storage.close()
    }
    const size = sizeOf(folder.path)
    return [
      figure(
        `data folder after a virtual year of failures (${records.toLocaleString('en')} decisions)`,
        `${(size / MIB).toFixed(1)} MiB`,
        { value: size / MIB, atMost: 20, unit: 'MiB', noise: `largest ${(largest / MIB).toFixed(1)} MiB` },
      ),
      figure('start then', seconds(median(starts)), {
        ...{ value: median(starts), atMost: 0.5, unit: 's', noise: spread(starts) },
      }),
    ]
  } finally {
    folder.dispose()
  }
}

/** Random schedules of every size, those in which all machines decide among them. */
const chaos = async (): Promise<Row> => {
  const { violations, processorTime } = await makePortion({ first: 1, count: CHAOS_SCHEDULES })
  return figure(
    `processor time of a chaos schedule of ${STEPS} steps`,
    `${seconds(processorTime / CHAOS_SCHEDULES)}, ${violations.length} violations of ${CHAOS_SCHEDULES}`,
    { value: violations.length, atMost: 0, unit: 'violations' },
  )
}

export const run = async (): Promise<Bench> => ({
  name: 'Deciding',
  rows: [...(await catchingUp()), await replicating(), heartbeat(), ...(await year()), await chaos()],
})
