import { performance } from 'node:perf_hooks'
import { join } from 'node:path'
import type { Envelope } from '@core/events/event'
import { fold } from '@core/fold/fold'
import { NodeId } from '@core/ids'
import { next } from '@core/events/next'
import type { State } from '@core/state/state'
import { World } from '@core/testing/world'
import type { Directory } from '@main/disk/directory'
import { systemDirectory } from '@main/disk/system-directory'
import { EventLog } from '@main/master/log/event-log'
import { writeSnapshot } from '@main/master/log/snapshot'
import { temporaryFolder } from '../harness/headless-node'
import { figure, median, seconds, spread, type Bench } from './report'

const DECLARATIONS = 20
const APPENDED = 100_000
const BATCH = 500
/** Batches on their way at once, as from several clients. */
const AT_ONCE = 4
const TAIL = 10_000
const REPLAYED = 1_000_000
const RUNS = 5

/**
 * What a master of twenty declarations decides on a very bad day: runners that fail over and over. Each
 * decision changes an instance and its declaration, so none is cheap to fold.
 */
class BadDay {
  private readonly world = new World()
  private readonly declared

  constructor() {
    this.world.addNode('Mac Studio', { free: 1e15, total: 1e15 })
    this.declared = Array.from({ length: DECLARATIONS }, (_, at) =>
      this.world.declare(`declaration-${at}`, { name: `model ${at}` }),
    )
    this.world.reconcile()
  }

  /** How it began: to be logged first. */
  beginning(): Envelope[] {
    const { log, now } = this.world
    return log
      .filter(({ type }) => type !== 'NodeGatheredInfo')
      .map((event, at) => ({ v: 1, index: at + 1, term: 1, at: now, event }))
  }

  /** The next decisions. */
  decisions(count: number): Envelope[] {
    const { world, declared } = this
    return Array.from({ length: count }, (_, at) => {
      const id = declared[at % declared.length] ?? declared[0]
      if (id === undefined) throw new Error('nothing is declared')
      const { instanceId } = world.instance(id)
      const runnerIds = [world.ids.runnerId()]
      const failureError = 'Mac Studio: [metal] out of memory while loading layer 17 of 32'
      const envelope = next(
        world.state,
        { type: 'InstanceRetrying', instanceId, metaInstanceId: id, failureError, runnerIds },
        world.now,
      )
      world.state = fold(world.state, envelope)
      return envelope
    })
  }
}

const appendAll = async (log: EventLog, envelopes: readonly Envelope[]): Promise<void> => {
  const underWay: Promise<void>[] = []
  for (let at = 0; at < envelopes.length; at += BATCH) {
    underWay.push(log.append(envelopes.slice(at, at + BATCH).map((envelope) => ({ kind: 'decision', envelope }))))
    if (underWay.length >= AT_ONCE) await underWay.shift()
  }
  await Promise.all(underWay)
}

const timed = async (work: () => Promise<void>): Promise<number> => {
  const from = performance.now()
  await work()
  return (performance.now() - from) / 1000
}

const self = NodeId.parse('bench')
const warn = (message: string): void => {
  throw new Error(message)
}

/** Opens the log as a start does, and notes how many seconds that took. */
const reopened = async (
  directory: Directory,
  times: number[],
): Promise<{ state: State; replayed: number; sequence: number }> => {
  const from = performance.now()
  const { log, state, replayed } = EventLog.open({ directory, self, warn })
  times.push((performance.now() - from) / 1000)
  const { sequence } = log
  await log.close()
  return { state, replayed, sequence }
}

const thousands = (value: number): string => Math.round(value).toLocaleString('en')

/** How fast decisions become durable, and how fast a node knows them again. */
export const run = async (): Promise<Bench> => {
  const folder = temporaryFolder()
  try {
    const day = new BadDay()
    const directory = systemDirectory(join(folder.path, 'log'))
    let { log } = EventLog.open({ directory, self, warn })
    await appendAll(log, day.beginning())

    const rates: number[] = []
    for (let pass = 0; pass < RUNS; pass += 1) {
      const envelopes = day.decisions(APPENDED)
      rates.push(APPENDED / (await timed(() => appendAll(log, envelopes))))
    }
    while (log.sequence < REPLAYED) await appendAll(log, day.decisions(Math.min(APPENDED, REPLAYED - log.sequence)))
    await log.close()

    const replays: number[] = []
    const replayed = await reopened(directory, replays)
    if (replayed.replayed !== REPLAYED) throw new Error(`replayed ${replayed.replayed}`)

    writeSnapshot(directory, { logEnd: { sequence: replayed.sequence, epochs: [] }, state: replayed.state })
    ;({ log } = EventLog.open({ directory, self, warn }))
    await appendAll(log, day.decisions(TAIL))
    await log.close()
    const starts: number[] = []
    for (let pass = 0; pass < RUNS; pass += 1) {
      const { replayed: tail } = await reopened(directory, starts)
      if (tail !== TAIL) throw new Error(`replayed ${tail} after the snapshot`)
    }

    const [replay = NaN] = replays
    return {
      name: 'Event log',
      rows: [
        figure('durable decisions, appended in batches', `${thousands(median(rates))} /s`, {
          value: median(rates),
          atLeast: 50_000,
          unit: '/s',
          noise: spread(rates, 0),
        }),
        figure('start: snapshot and a tail of 10,000', seconds(median(starts)), {
          value: median(starts),
          atMost: 0.5,
          unit: 's',
          noise: spread(starts),
        }),
        figure('full replay of 1,000,000', `${seconds(replay)} (${thousands(REPLAYED / replay)} /s)`),
      ],
    }
  } finally {
    folder.dispose()
  }
}
