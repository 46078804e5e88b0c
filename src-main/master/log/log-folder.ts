import { join } from 'node:path'
import type { LogEnd } from '@core/consensus/index'
import type { LogRecord } from '@core/events/record'
import type { NodeId } from '@core/ids'
import { durablePart } from '@core/state/durable'
import type { State } from '@core/state/state'
import type { Directory } from '../../disk/directory'
import { systemDirectory } from '../../disk/system-directory'
import type { JournalLog } from '../decision-journal'
import { EventLog } from './event-log'
import { readContents } from './log-contents'
import { encodeRecord } from './record'
import { segmentHeader, segmentName } from './segment'
import { changeDurably } from './segment-file'

export interface LogFolder {
  readonly dataDir: string
  readonly nodeId: NodeId
  readonly log: JournalLog
  /** Size in bytes at which the log starts a new segment; `EventLog`'s default if absent. */
  readonly segmentBytes?: number
  /** Opens a folder by path. Default: on disk. The simulator passes its virtual disk. */
  readonly directory?: (path: string) => Directory
}

export interface OpenedLog {
  readonly log: EventLog
  readonly state: State
  /** Number of records replayed after the snapshot. */
  readonly replayed: number
}

export const logDirectory = ({
  dataDir,
  directory = systemDirectory,
}: Pick<LogFolder, 'dataDir' | 'directory'>): Directory => directory(join(dataDir, 'log'))

/**
 * Opens the log for appending, with the durable part of its state: decisions without observations. Truncates a torn
 * write. Throws MasterError.
 */
export const openLogFolder = (folder: LogFolder): OpenedLog => {
  const { nodeId, log: logger, segmentBytes } = folder
  const warn = (message: string): void => logger.warn({}, message)
  const { log, state, replayed } = EventLog.open({
    directory: logDirectory(folder),
    self: nodeId,
    warn,
    ...(segmentBytes !== undefined && { segmentBytes }),
  })
  return { log, state: durablePart(state), replayed }
}

/** Creates a log with these records; there must be none yet. Throws the disk's errors. */
export const createLog = (directory: Directory, records: readonly LogRecord[]): void => {
  directory.make()
  changeDurably(directory.open(segmentName(1), 'emptied'), (file) =>
    file.writeSync(Buffer.concat([segmentHeader(), ...records.map(encodeRecord)])),
  )
  directory.sync()
}

/** Reads the log from disk and changes nothing there, not even a torn write. Throws MasterError. */
export const readLogFolder = (folder: LogFolder): { readonly end: LogEnd; readonly state: State } => {
  const directory = logDirectory(folder)
  directory.make()
  const { end, folding } = readContents({ directory, self: folder.nodeId, warn: () => undefined })
  return { end, state: durablePart(folding.state) }
}
