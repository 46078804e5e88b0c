import { isAfter } from '@core/events/envelope-order'
import type { Envelope } from '@core/events/event'
import type { Directory } from '../disk/directory'
import { recordsAfter } from './log-reader'

interface LogPart {
  /** Of the log's last record. */
  readonly sequence: number
  readonly most: number
}

/** The last decisions in a log, oldest first, as far as they are on the disk. Rejects with what the disk says. */
export const latestDecisions = async (directory: Directory, { sequence, most }: LogPart): Promise<Envelope[]> => {
  const found: Envelope[] = []
  for await (const record of recordsAfter(directory, Math.max(0, sequence - most)))
    if (record.kind === 'decision') found.push(record.envelope)
  return found
}

/** Events in memory, preceded by the decisions that are older than the first of them. */
export const precededBy = (decisions: readonly Envelope[], events: readonly Envelope[]): readonly Envelope[] => {
  const [first] = events
  return [...decisions.filter((decision) => first === undefined || isAfter(first, decision)), ...events]
}
