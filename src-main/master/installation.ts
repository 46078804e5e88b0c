import { emptyLog } from '@core/consensus/index'
import type { State } from '@core/state/state'
import type { Directory } from '../disk/directory'
import { firstSequenceOf } from './segment'
import { decodeSnapshot, isSnapshot, keepSnapshot, snapshotName, type Snapshot } from './snapshot'

const WAITING = '.installed'

/** Keeps a snapshot on the disk that is to take the place of a log; `finishInstallation` puts it there. */
export const beginInstallation = (directory: Directory, snapshot: Snapshot): void =>
  keepSnapshot(directory, `${snapshotName(snapshot.logEnd.sequence)}${WAITING}`, snapshot)

const waitingIn = (directory: Directory): string | undefined => directory.names().find((name) => name.endsWith(WAITING))

/** The snapshot that is to take the place of the log, if one waits. Throws what the disk throws. */
export const waitingSnapshot = (directory: Directory): Snapshot | undefined => {
  const name = waitingIn(directory)
  return name === undefined ? undefined : decodeSnapshot(directory.readSync(name))
}

const BEFORE = 'before-install.json'

/**
 * Keeps a picture of what a log held that has made room for one that is yet to come: until then this machine still knows
 * its members. Throws what the disk throws.
 */
export const keepPicture = (directory: Directory, state: State): void =>
  keepSnapshot(directory, BEFORE, { logEnd: emptyLog, state })

/** What was there before the log made room; undefined where nothing is kept or it cannot be read. */
export const pictureOf = (directory: Directory): State | undefined => {
  try {
    return directory.has(BEFORE) ? decodeSnapshot(directory.readSync(BEFORE))?.state : undefined
  } catch {
    return undefined
  }
}

export const forgetPicture = (directory: Directory): void => directory.remove(BEFORE)

/** Puts a snapshot that waits in the place of the whole log, also after a crash in the midst of it. Throws what the disk throws. */
export const finishInstallation = (directory: Directory): void => {
  const waiting = waitingIn(directory)
  if (waiting === undefined) return
  for (const name of directory.names())
    if (firstSequenceOf(name) !== undefined || isSnapshot(name)) directory.remove(name)
  directory.rename(waiting, waiting.slice(0, -WAITING.length))
  directory.sync()
}
