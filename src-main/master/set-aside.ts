import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { removeBelow, removeFileSync } from '../disk/removal'
import { syncDirectory } from './directory'
import { diskError } from './errors'
import { FRAME_HEADER_BYTES, payloadAt } from './record'
import { firstSequenceOf, SEGMENT_HEADER_BYTES } from './segment'

export interface SetAsideOptions {
  /** Of a log that is closed. */
  readonly directory: string
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
 * it: after a split another node's records take their place. Gives back that folder. From the last record to the
 * first, so that a crash in between leaves a log that is whole and only longer. Throws MasterError.
 */
export const setAside = ({ directory, after }: SetAsideOptions): string => {
  const aside = unusedFolder(directory, `aside-${String(after + 1).padStart(20, '0')}`)
  try {
    mkdirSync(aside, { mode: 0o700 })
    for (const name of readdirSync(directory)) {
      const snapshot = /^snapshot-(\d{20})\.json$/.exec(name)
      if (snapshot && Number(snapshot[1]) > after) removeFileSync(directory, name)
    }
    syncDirectory(directory)
    const segments = readdirSync(directory).filter((name) => firstSequenceOf(name) !== undefined)
    for (const name of segments.sort().reverse()) {
      const first = firstSequenceOf(name) ?? 1
      const path = join(directory, name)
      if (first > after && first > 1) {
        renameSync(path, join(aside, name))
        syncDirectory(directory)
        continue
      }
      shorten(path, { keep: Math.max(0, after - first + 1), copy: join(aside, name) })
      break
    }
  } catch (cause) {
    throw diskError(directory, cause)
  }
  return aside
}

/** So many of each kind are kept; people may want to look at the latest. */
const KEPT_ASIDE = 5
const KEPT_KINDS = [/^aside-/, /\.cut-\d+$/, /\.damaged$/]

/** Removes the oldest of what was set aside, cut off or found damaged. What was declared in it has been merged or kept. */
export const tidyAside = async (directory: string): Promise<void> => {
  for (const kind of KEPT_KINDS) {
    const newestFirst = readdirSync(directory)
      .filter((name) => kind.test(name))
      .map((name) => ({ name, at: statSync(join(directory, name)).mtimeMs }))
      .sort((a, b) => b.at - a.at)
    for (const { name } of newestFirst.slice(KEPT_ASIDE)) await removeBelow(directory, [name])
  }
}

/** What was set aside before is not overwritten: a second time from the same record on has a number. */
const unusedFolder = (directory: string, name: string): string => {
  let path = join(directory, name)
  for (let again = 2; existsSync(path); again += 1) path = join(directory, `${name}-${again}`)
  return path
}

/** Cuts a segment after some of its records; all of it is copied first. */
const shorten = (path: string, { keep, copy }: { keep: number; copy: string }): void => {
  const bytes = readFileSync(path)
  const end = offsetAfter(bytes, keep)
  if (end >= bytes.length) return
  synced(copy, 'w', (fd) => writeFileSync(fd, bytes))
  synced(path, 'r+', (fd) => ftruncateSync(fd, end))
}

const synced = (path: string, flags: string, change: (fd: number) => void): void => {
  const fd = openSync(path, flags, 0o600)
  try {
    change(fd)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
