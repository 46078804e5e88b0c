import { join } from 'node:path'
import { emptyLog, extended, type LogEnd, withLatestEpochs } from '@core/consensus/index'
import { Folding } from '@core/fold/index'
import type { NodeId } from '@core/ids'
import { emptyState } from '@core/state/state'
import type { Directory } from '../../disk/directory'
import { damaged } from '../errors'
import { readPreviousState, stagedSnapshot } from './installation'
import { RecentCommands } from './recent-commands'
import type { NewRecord } from './record'
import { firstSequenceOf, readSegment, SEGMENT_HEADER_BYTES, segmentName } from './segment'
import { newestSnapshot } from './snapshot'

/** At twice this many epochs the log drops all but the latest of this number. */
const EPOCHS_KEPT = 1000

/** The log end after appending one record. A term record without a leader was written by `self`. */
export const afterAppending = (log: LogEnd, record: NewRecord, self: NodeId): LogEnd => {
  const from = log.sequence + 1
  if (record.kind === 'decision') return { ...log, sequence: from }
  const { term, master = self, boot } = record
  const epochs = [{ term, master, from, ...(boot !== undefined && { boot }) }]
  const longer = extended(log, { sequence: from, epochs })
  return longer.epochs.length > 2 * EPOCHS_KEPT ? withLatestEpochs(longer, EPOCHS_KEPT) : longer
}

/** The newest snapshot with all records after it replayed. */
export interface LogContents {
  readonly end: LogEnd
  readonly folding: Folding
  readonly commands: RecentCommands
  /** Number of records replayed after the snapshot. */
  readonly replayed: number
  /** Name of the segment to append to; it may not exist yet. */
  readonly newest: string
  /** A torn write in that segment. `offset`: where the last valid record ends, in bytes. */
  readonly torn?: { readonly offset: number; readonly torn: Buffer } | undefined
}

export interface LogContentsOptions {
  readonly directory: Directory
  /** This node, the author of term records that name no leader (written by versions before replication). */
  readonly self: NodeId
  readonly warn: (message: string) => void
}

/**
 * Reads a log and folds it into a state; writes nothing. Throws MasterError for any damage other than a torn write:
 * missing segments or records, failed checksums, a newer format.
 */
export const readContents = ({ directory, self, warn }: LogContentsOptions): LogContents => {
  const staged = stagedSnapshot(directory)
  const snapshot = staged ?? newestSnapshot(directory, warn)
  const folding = new Folding(snapshot?.state ?? emptyState())
  const commands = new RecentCommands(snapshot?.commands)
  let end: LogEnd = snapshot?.logEnd ?? emptyLog
  const leader = end.epochs.at(-1)
  if (leader) folding.enter(leader.term, leader.master)
  // A staged snapshot replaces all segments, also those that a crash left in place.
  const names = staged ? [] : segmentsOf(directory)
  const firsts = names.map((name) => firstSequenceOf(name) ?? 0)
  if ((firsts[0] ?? 1) > end.sequence + 1)
    throw damaged(join(directory.path, names[0] ?? ''), 0, 'earlier segments are missing')
  let [replayed, logged] = [0, 0]
  let torn: LogContents['torn']
  for (const [at, name] of names.entries()) {
    const first = firsts[at] ?? 0
    const following = firsts[at + 1]
    // The snapshot covers the whole segment.
    if (following !== undefined && following <= end.sequence + 1 && snapshot !== undefined) continue
    const path = join(directory.path, name)
    const content = readSegment(directory, name, { from: first, after: end.sequence, isLast: following === undefined })
    const { last } = content
    logged = last
    if (following !== undefined && following !== last + 1)
      throw damaged(path, content.validBytes, `${range(last + 1, following - 1)} missing after it`)
    for (const record of content.records) {
      if (record.sequence !== end.sequence + 1)
        throw damaged(path, SEGMENT_HEADER_BYTES, `record ${end.sequence + 1} is missing`)
      if (record.kind === 'decision') folding.fold(record.envelope)
      else folding.enter(record.term, record.master ?? self)
      commands.note(record)
      end = afterAppending(end, record, self)
      replayed += 1
    }
    if (content.torn.length > 0) torn = { offset: content.validBytes, torn: content.torn }
  }
  const newest = names.at(-1) ?? segmentName(end.sequence + 1)
  if (names.length > 0 && logged < end.sequence)
    throw damaged(
      join(directory.path, newest),
      0,
      `${range(logged + 1, end.sequence)} missing, which a snapshot has seen`,
    )
  // After the whole log was discarded the last known state stands in for it until the leader's snapshot arrives.
  const previous = end.sequence === 0 ? readPreviousState(directory) : undefined
  return { end, folding: previous ? new Folding(previous) : folding, commands, replayed, newest, torn }
}

const segmentsOf = (directory: Directory): string[] =>
  directory
    .names()
    .filter((name) => firstSequenceOf(name) !== undefined)
    .sort()

const range = (first: number, last: number): string =>
  first === last ? `record ${first} is` : `records ${first} to ${last} are`
