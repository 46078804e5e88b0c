import { join } from 'node:path'
import { emptyLog, extended, type LogEnd, withLatestEpochs } from '@core/consensus/index'
import { Folding } from '@core/fold/index'
import type { LogRecord } from '@core/events/record'
import type { NodeId } from '@core/ids'
import { emptyState } from '@core/state/state'
import type { Directory } from '../disk/directory'
import { damaged } from './errors'
import { pictureOf, waitingSnapshot } from './installation'
import { RecentCommands } from './recent-commands'
import { firstSequenceOf, readSegment, SEGMENT_HEADER_BYTES, segmentName } from './segment'
import { newestSnapshot } from './snapshot'

/** Epochs that a log remembers; where it has twice as many the oldest are forgotten. */
const EPOCHS_KEPT = 1000

/** A record before it has its place. */
type Unplaced<Record> = Record extends LogRecord ? Omit<Record, 'sequence'> : never
export type NewRecord = Unplaced<LogRecord>

/** The end of a log with one more record. */
export const grown = (log: LogEnd, record: NewRecord, self: NodeId): LogEnd => {
  const from = log.sequence + 1
  if (record.kind === 'decision') return { ...log, sequence: from }
  const epochs = [{ term: record.term, master: record.master ?? self, from }]
  const longer = extended(log, { sequence: from, epochs })
  return longer.epochs.length > 2 * EPOCHS_KEPT ? withLatestEpochs(longer, EPOCHS_KEPT) : longer
}

/** What a log's folder holds: the newest snapshot, and all records after it. */
export interface LogContents {
  readonly end: LogEnd
  readonly folding: Folding
  readonly commands: RecentCommands
  /** Records that no snapshot spared. */
  readonly replayed: number
  /** The segment that is written on, which need not exist yet. */
  readonly newest: string
  /** The end of a write that a crash interrupted. `offset`: where the last sound record ends. */
  readonly torn?: { readonly offset: number; readonly torn: Buffer } | undefined
}

export interface LogContentsOptions {
  readonly directory: Directory
  /** This node: it wrote what does not say who did. */
  readonly self: NodeId
  readonly warn: (message: string) => void
}

/** Reads and folds a log, and writes nothing. Throws MasterError for any damage but a torn end. */
export const readContents = ({ directory, self, warn }: LogContentsOptions): LogContents => {
  const waiting = waitingSnapshot(directory)
  const snapshot = waiting ?? newestSnapshot(directory, warn)
  const folding = new Folding(snapshot?.state ?? emptyState())
  const commands = new RecentCommands(snapshot?.commands)
  let end: LogEnd = snapshot?.logEnd ?? emptyLog
  const leader = end.epochs.at(-1)
  if (leader) folding.enter(leader.term, leader.master)
  // What an installed snapshot takes the place of counts no more.
  const names = waiting ? [] : segmentsOf(directory)
  const firsts = names.map((name) => firstSequenceOf(name) ?? 0)
  if ((firsts[0] ?? 1) > end.sequence + 1)
    throw damaged(join(directory.path, names[0] ?? ''), 0, 'earlier segments are missing')
  let [replayed, logged] = [0, 0]
  let torn: LogContents['torn']
  for (const [at, name] of names.entries()) {
    const first = firsts[at] ?? 0
    const following = firsts[at + 1]
    // All of it is in the snapshot.
    if (following !== undefined && following <= end.sequence + 1 && snapshot !== undefined) continue
    const path = join(directory.path, name)
    const content = readSegment(directory, name, { from: first, after: end.sequence, isLast: following === undefined })
    const { last } = content
    logged = last
    if (following !== undefined && following !== last + 1)
      throw damaged(path, content.soundBytes, `${range(last + 1, following - 1)} missing after it`)
    for (const record of content.records) {
      if (record.sequence !== end.sequence + 1)
        throw damaged(path, SEGMENT_HEADER_BYTES, `record ${end.sequence + 1} is missing`)
      if (record.kind === 'decision') folding.fold(record.envelope)
      else folding.enter(record.term, record.master ?? self)
      commands.note(record)
      end = grown(end, record, self)
      replayed += 1
    }
    if (content.torn.length > 0) torn = { offset: content.soundBytes, torn: content.torn }
  }
  const newest = names.at(-1) ?? segmentName(end.sequence + 1)
  if (names.length > 0 && logged < end.sequence)
    throw damaged(
      join(directory.path, newest),
      0,
      `${range(logged + 1, end.sequence)} missing, which a snapshot has seen`,
    )
  const before = end.sequence === 0 ? pictureOf(directory) : undefined
  return { end, folding: before ? new Folding(before) : folding, commands, replayed, newest, torn }
}

const segmentsOf = (directory: Directory): string[] =>
  directory
    .names()
    .filter((name) => firstSequenceOf(name) !== undefined)
    .sort()

const range = (first: number, last: number): string =>
  first === last ? `record ${first} is` : `records ${first} to ${last} are`
