import type { Directory } from '../disk/directory'
import { diskError } from './errors'
import { FRAME_HEADER_BYTES, payloadAt } from './record'
import { firstSequenceOf, SEGMENT_HEADER_BYTES } from './segment'
import { changed } from './segment-file'

export interface SetAsideOptions {
  /** Of a log that is closed. */
  readonly directory: Directory
  /** The last record that stays; 0 for none. */
  readonly after: number
}

/** Where the records from `count` on begin in a segment's bytes. */
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
 * Takes the records after one out of a log, with the snapshots that contain them, and keeps them in a folder beside
 * it: after a split another node's records take their place. Gives back that folder's path. From the last record to the
 * first, so that a crash in between leaves a log that is whole and only longer. Throws MasterError.
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
      shorten(directory, { name, keep: Math.max(0, after - first + 1), copyIn: aside })
      break
    }
  } catch (cause) {
    throw diskError(directory.path, cause)
  }
  return aside.path
}

/** So many of each kind are kept; people may want to look at the latest. */
const KEPT_ASIDE = 5
const KEPT_KINDS = [/^aside-/, /\.cut-\d+$/, /\.damaged(?:-\d+)?$/]

/** Removes the oldest of what was set aside, cut off or found damaged. What was declared in it has been merged or kept. */
export const tidyAside = async (directory: Directory): Promise<void> => {
  for (const kind of KEPT_KINDS) {
    const newestFirst = directory
      .names()
      .filter((name) => kind.test(name))
      .map((name) => ({ name, at: directory.modifiedAt(name) }))
      .sort((a, b) => b.at - a.at)
    for (const { name } of newestFirst.slice(KEPT_ASIDE)) await directory.removeAll(name)
  }
}

/** What was set aside before is not overwritten: a second time of the same name has a number. */
export const unusedName = (directory: Directory, name: string): string => {
  let unused = name
  for (let again = 2; directory.has(unused); again += 1) unused = `${name}-${again}`
  return unused
}

interface Shortening {
  readonly name: string
  readonly keep: number
  readonly copyIn: Directory
}

/** Cuts a segment after some of its records; all of it is copied first. */
const shorten = (directory: Directory, { name, keep, copyIn }: Shortening): void => {
  const bytes = directory.readSync(name)
  const end = offsetAfter(bytes, keep)
  if (end >= bytes.length) return
  changed(copyIn.open(name, 'emptied'), (file) => file.writeSync(bytes))
  changed(directory.open(name, 'kept'), (file) => file.truncateSync(end))
}
