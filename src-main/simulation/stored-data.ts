import type { LogRecord } from '@core/events/record'
import type { NodeId } from '@core/ids'
import {
  createLog,
  logDirectory,
  openLogFolder,
  readKnownTerm,
  readLogFolder,
  recordsAfter,
  type LogFolder,
  type OpenedLog,
} from '../master/index'
import { DATA_DIR } from './program'
import type { VirtualDisk } from './virtual-disk'

/** A machine's log on its disk, read with the product's code. All methods throw `MasterError`. */
export class StoredData {
  private readonly folder: LogFolder

  constructor(nodeId: NodeId, disk: VirtualDisk) {
    const log = { info: () => undefined, warn: () => undefined }
    this.folder = { dataDir: DATA_DIR, nodeId, log, directory: (path) => disk.directory(path) }
  }

  begin(records: readonly LogRecord[]): void {
    createLog(logDirectory(this.folder), records)
  }

  readLog(): OpenedLog {
    return openLogFolder(this.folder)
  }

  /** Sequence number of the last record. Changes nothing on the disk. */
  lastSequence(): number {
    return readLogFolder(this.folder).end.sequence
  }

  /** The highest term that the machine took part in, from `term.json`. */
  term(): number {
    return readKnownTerm(logDirectory(this.folder)).term
  }

  async recordsAfter(sequence: number): Promise<readonly LogRecord[]> {
    const records: LogRecord[] = []
    for await (const record of recordsAfter(logDirectory(this.folder), sequence)) records.push(record)
    return records
  }

  /** Whether declarations made during a split wait to be merged. */
  hasToMerge(): boolean {
    return logDirectory(this.folder)
      .names()
      .some((name) => name.startsWith('split-') && name.endsWith('.json'))
  }
}
