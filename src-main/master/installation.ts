import { readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { removeFileSync } from '../disk/removal'
import { syncDirectory } from './directory'
import { firstSequenceOf } from './segment'
import { isSnapshot, keepSnapshot, snapshotName, type Snapshot } from './snapshot'

const WAITING = '.installed'

/** Keeps a snapshot on the disk that is to take the place of a log; `finishInstallation` puts it there. */
export const beginInstallation = (directory: string, snapshot: Snapshot): void =>
  keepSnapshot(directory, `${snapshotName(snapshot.logEnd.sequence)}${WAITING}`, snapshot)

/** Puts a snapshot that waits in the place of the whole log, also after a crash in the midst of it. Throws what the disk throws. */
export const finishInstallation = (directory: string): void => {
  const waiting = readdirSync(directory).find((name) => name.endsWith(WAITING))
  if (waiting === undefined) return
  for (const name of readdirSync(directory))
    if (firstSequenceOf(name) !== undefined || isSnapshot(name)) removeFileSync(directory, name)
  renameSync(join(directory, waiting), join(directory, waiting.slice(0, -WAITING.length)))
  syncDirectory(directory)
}
