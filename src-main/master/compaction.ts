import type { LogRecord } from '@core/events/record'
import type { Directory } from '../disk/directory'
import { keepHistory } from './history'
import { recordsAfter } from './log-reader'
import { firstSequenceOf } from './segment'

async function* upTo(directory: Directory, last: number): AsyncGenerator<LogRecord> {
  for await (const record of recordsAfter(directory, 0)) {
    if (record.sequence > last) return
    yield record
  }
}

/**
 * Removes the segments of which a snapshot holds everything, and keeps what their records say of declarations. The
 * oldest goes first, so that a crash leaves a log without gaps. Rejects with what the disk says.
 *
 * @param covered the last record that every snapshot holds which may be needed
 */
export const compact = async (directory: Directory, covered: number): Promise<void> => {
  const names = directory
    .names()
    .filter((name) => firstSequenceOf(name) !== undefined)
    .sort()
  const firsts = names.map((name) => firstSequenceOf(name) ?? 0)
  const spared = firsts.findLastIndex((first) => first <= covered + 1)
  if (spared <= 0) return
  await keepHistory(directory, upTo(directory, (firsts[spared] ?? 1) - 1))
  for (const name of names.slice(0, spared)) directory.remove(name)
}
