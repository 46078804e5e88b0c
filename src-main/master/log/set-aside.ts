import type { Directory } from '../../disk/directory'
import { diskError } from '../errors'
import { FRAME_HEADER_BYTES, payloadAt } from './record'
import { firstSequenceOf, SEGMENT_HEADER_BYTES } from './segment'
import { changeDurably } from './segment-file'

export interface SetAsideOptions {
  /** Directory of a closed log. */
  readonly directory: Directory
  /** Sequence number of the last record to keep; 0 for none. */
  readonly after: number
}

/** Offset in bytes after the first `count` records of a segment. */
const offsetAfter = (bytes: Buffer, count: number): number => {
  let offset = SEGMENT_HEADER_BYTES
  for (let at = 0; at < count; at += 1) {
    const payload = payloadAt(bytes, offset)
    if (!payload) break
    offset += FRAME_HEADER_BYTES + payload.length
  }
  return offset
}

/**
 * Truncates a closed log after `after`: after a split, the leader's records replace the rest. Moves the removed records to
 * a new subfolder, whose path it returns, and removes snapshots that cover them. Works from the last record to the first,
 * so that a crash leaves a valid log that is only too long. Throws MasterError.
 */
export const setAside = ({ directory, after }: SetAsideOptions): string => {
  const aside = directory.below(unusedName(directory, `aside-${String(after + 1).padStart(20, '0')}`))
  try {
    aside.make()
    for (const name of directory.names()) {
      const snapshot = /^snapshot-(\d{20})\.json$/.exec(name)
      if (snapshot && Number(snapshot[1]) > after) directory.remove(name)
    }
    directory.sync()
    const segments = directory.names().filter((name) => firstSequenceOf(name) !== undefined)
    for (const name of segments.sort().reverse()) {
      const first = firstSequenceOf(name) ?? 1
      if (first > after && first > 1) {
        directory.rename(name, name, aside)
        directory.sync()
        continue
      }
      truncate(directory, { name, keep: Math.max(0, after - first + 1), copyIn: aside })
      break
    }
  } catch (cause) {
    throw diskError(directory.path, cause)
  }
  return aside.path
}

/** Number of folders or files kept of each kind, so that people can inspect the latest. */
const KEPT_ASIDE = 5
const KEPT_KINDS = [/^aside-/, /\.cut-\d+$/, /\.damaged(?:-\d+)?$/]

/**
 * Removes the oldest set-aside folders, saved torn writes and damaged files. The declarations in them have been merged, or
 * saved in split files. Rejects with the disk's errors.
 */
export const pruneSetAside = async (directory: Directory): Promise<void> => {
  for (const kind of KEPT_KINDS) {
    const newestFirst = directory
      .names()
      .filter((name) => kind.test(name))
      .map((name) => ({ name, at: directory.modifiedAt(name) }))
      .sort((a, b) => b.at - a.at)
    for (const { name } of newestFirst.slice(KEPT_ASIDE)) await directory.removeAll(name)
  }
}

/** Returns `name`, or if it is taken `name-2`, `name-3` and so on: nothing that was set aside is overwritten. */
export const unusedName = (directory: Directory, name: string): string => {
  let unused = name
  for (let again = 2; directory.has(unused); again += 1) unused = `${name}-${again}`
  return unused
}

interface Truncation {
  readonly name: string
  readonly keep: number
  readonly copyIn: Directory
}

/** Truncates a segment after its first `keep` records, after copying the whole of it to `copyIn`. */
const truncate = (directory: Directory, { name, keep, copyIn }: Truncation): void => {
  const bytes = directory.readSync(name)
  const end = offsetAfter(bytes, keep)
  if (end >= bytes.length) return
  changeDurably(copyIn.open(name, 'emptied'), (file) => file.writeSync(bytes))
  changeDurably(directory.open(name, 'kept'), (file) => file.truncateSync(end))
}
