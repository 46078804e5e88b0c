import type { LogRecord } from '@core/events/record'
import type { Directory } from '../../disk/directory'
import { saveHistory } from './history'
import { recordsAfter } from './log-reader'
import { firstSequenceOf } from './segment'

async function* upTo(directory: Directory, last: number): AsyncGenerator<LogRecord> {
  for await (const record of recordsAfter(directory, 0)) {
    if (record.sequence > last) return
    yield record
  }
}

/**
 * Removes the segments whose records are all covered by snapshots, after saving the history of declarations in them.
 * Removes the oldest segment first, so that a crash leaves a log without gaps. Rejects with the disk's errors.
 *
 * @param covered last record that every kept snapshot covers (returned by `writeSnapshot`)
 */
export const compact = async (directory: Directory, covered: number): Promise<void> => {
  const names = directory
    .names()
    .filter((name) => firstSequenceOf(name) !== undefined)
    .sort()
  const firsts = names.map((name) => firstSequenceOf(name) ?? 0)
  const firstKept = firsts.findLastIndex((first) => first <= covered + 1)
  if (firstKept <= 0) return
  await saveHistory(directory, upTo(directory, (firsts[firstKept] ?? 1) - 1))
  for (const name of names.slice(0, firstKept)) directory.remove(name)
}
