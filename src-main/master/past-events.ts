import { isAfter } from '@core/events/envelope-order'
import type { Envelope } from '@core/events/event'
import type { Directory } from '../disk/directory'
import { recordsAfter } from './log/log-reader'

interface LogPart {
  /** Sequence number of the log's last record. */
  readonly sequence: number
  /** Number of records to read from the end. */
  readonly most: number
}

/** Reads the decisions among the last `most` records of a log, oldest first. Rejects with the disk's errors. */
export const latestDecisions = async (directory: Directory, { sequence, most }: LogPart): Promise<Envelope[]> => {
  const found: Envelope[] = []
  for await (const record of recordsAfter(directory, Math.max(0, sequence - most)))
    if (record.kind === 'decision') found.push(record.envelope)
  return found
}

/** Prepends the decisions that are older than the first of the events. */
export const precededBy = (decisions: readonly Envelope[], events: readonly Envelope[]): readonly Envelope[] => {
  const [first] = events
  return [...decisions.filter((decision) => first === undefined || isAfter(first, decision)), ...events]
}
