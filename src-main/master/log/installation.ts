import { emptyLog } from '@core/consensus/index'
import type { State } from '@core/state/state'
import type { Directory } from '../../disk/directory'
import { firstSequenceOf } from './segment'
import { decodeSnapshot, isSnapshot, writeSnapshotAs, snapshotName, type Snapshot } from './snapshot'

const STAGED = '.installed'

/**
 * Stages a snapshot that is to replace the whole log: writes it durably under a name of its own. `finishInstallation`
 * then replaces the log, after a crash too. Throws the disk's errors.
 */
export const stageSnapshot = (directory: Directory, snapshot: Snapshot): void =>
  writeSnapshotAs(directory, `${snapshotName(snapshot.logEnd.sequence)}${STAGED}`, snapshot)

const stagedName = (directory: Directory): string | undefined => directory.names().find((name) => name.endsWith(STAGED))

/** Reads the staged snapshot, if there is one. Throws the disk's errors, and what `decodeSnapshot` throws. */
export const stagedSnapshot = (directory: Directory): Snapshot | undefined => {
  const name = stagedName(directory)
  return name === undefined ? undefined : decodeSnapshot(directory.readSync(name))
}

const PREVIOUS_STATE = 'before-install.json'

/**
 * Saves the state of a log that is about to be discarded, so that this node still knows its members until the leader's
 * log arrives. Throws the disk's errors.
 */
export const savePreviousState = (directory: Directory, state: State): void =>
  writeSnapshotAs(directory, PREVIOUS_STATE, { logEnd: emptyLog, state })

/** The state saved by `savePreviousState`; undefined if there is none or it cannot be read. */
export const readPreviousState = (directory: Directory): State | undefined => {
  try {
    return directory.has(PREVIOUS_STATE) ? decodeSnapshot(directory.readSync(PREVIOUS_STATE))?.state : undefined
  } catch {
    return undefined
  }
}

export const removePreviousState = (directory: Directory): void => directory.remove(PREVIOUS_STATE)

/**
 * Replaces the whole log by the staged snapshot; does nothing if there is none. Can be repeated after a crash at any
 * point. Throws the disk's errors.
 */
export const finishInstallation = (directory: Directory): void => {
  const staged = stagedName(directory)
  if (staged === undefined) return
  for (const name of directory.names())
    if (firstSequenceOf(name) !== undefined || isSnapshot(name)) directory.remove(name)
  directory.rename(staged, staged.slice(0, -STAGED.length))
  directory.sync()
}
