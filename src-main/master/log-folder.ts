import { join } from 'node:path'
import type { LogEnd } from '@core/consensus/index'
import type { LogRecord } from '@core/events/record'
import type { NodeId } from '@core/ids'
import { durablePart } from '@core/state/durable'
import type { State } from '@core/state/state'
import type { Directory } from '../disk/directory'
import { systemDirectory } from '../disk/system-directory'
import type { JournalLog } from './decision-journal'
import { EventLog } from './event-log'
import { readContents } from './log-contents'
import { encodeRecord } from './record'
import { segmentHeader, segmentName } from './segment'
import { changed } from './segment-file'

export interface LogFolder {
  readonly dataDir: string
  readonly nodeId: NodeId
  readonly log: JournalLog
  /** When the log begins a new segment. */
  readonly segmentBytes?: number
  /** Where folders are; without it on the disk. */
  readonly directory?: (path: string) => Directory
}

export interface OpenedLog {
  readonly log: EventLog
  readonly state: State
  /** Records that no snapshot spared. */
  readonly replayed: number
}

export const logDirectory = ({
  dataDir,
  directory = systemDirectory,
}: Pick<LogFolder, 'dataDir' | 'directory'>): Directory => directory(join(dataDir, 'log'))

/** What the log holds, without anything that only observers know. Throws MasterError. */
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

/** Writes a log that begins with these records, where there is none. Throws what the disk throws. */
export const beginLog = (directory: Directory, records: readonly LogRecord[]): void => {
  directory.make()
  changed(directory.open(segmentName(1), 'emptied'), (file) =>
    file.writeSync(Buffer.concat([segmentHeader(), ...records.map(encodeRecord)])),
  )
  directory.sync()
}

/** What the disk has, read without changing anything there. Throws MasterError. */
export const readLogFolder = (folder: LogFolder): { readonly end: LogEnd; readonly state: State } => {
  const directory = logDirectory(folder)
  directory.make()
  const { end, folding } = readContents({ directory, self: folder.nodeId, warn: () => undefined })
  return { end, state: durablePart(folding.state) }
}
