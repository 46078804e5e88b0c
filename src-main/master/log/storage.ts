import type { LogEnd } from '@core/consensus/index'
import type { MetaInstanceId } from '@core/ids'
import { durablePart } from '@core/state/durable'
import type { State } from '@core/state/state'
import { compact } from './compaction'
import { diskError } from '../errors'
import type { EventLog } from './event-log'
import { historyOf, type History } from './history'
import { logDirectory, openLogFolder, readLogFolder, type LogFolder, type OpenedLog } from './log-folder'
import type { Directory } from '../../disk/directory'
import { checkFreeSpace } from './free-space'
import { pruneSetAside } from './set-aside'
import { encodeSnapshot, writeSnapshot, type Snapshot } from './snapshot'
import { replaceBySnapshot, setRecordsAside, type Fate } from './split'

/** Default number of records between two snapshots. */
const SNAPSHOT_EVERY = 2000
/** Free space required to reopen a full disk: with room for only a few records the node would step down again at once. */
const REQUIRED_FREE_BYTES = 64 * 1024

/** Command ids in a snapshot. Clients retry soon, so older ones are not needed. */
const SNAPSHOT_COMMANDS = 1000

export interface StoredFolder extends LogFolder {
  /** Number of records between two snapshots. */
  readonly snapshotEvery?: number
}

/**
 * The open log and its snapshots. Truncating, installing a snapshot and reopening after a disk error each close the log
 * and return a new one; the caller must not run two of them at a time.
 */
export class Storage {
  private opened: EventLog
  /** Sequence number of the latest snapshot. */
  private snapshotAt = 0
  /** The running snapshot with its compaction. */
  private compacting: Promise<void> | undefined

  private constructor(
    private readonly folder: StoredFolder,
    opened: OpenedLog,
  ) {
    this.opened = this.adopt(opened)
  }

  /** Opens the log with its durable state. `replayed`: number of records after the snapshot. Throws MasterError. */
  static open(folder: StoredFolder): { readonly storage: Storage; readonly state: State; readonly replayed: number } {
    const opened = openLogFolder(folder)
    return { storage: new Storage(folder, opened), state: opened.state, replayed: opened.replayed }
  }

  get log(): EventLog {
    return this.opened
  }

  get directory(): Directory {
    return logDirectory(this.folder)
  }

  /** State after all appended records, durable or not, without observations. */
  get state(): State {
    return durablePart(this.opened.state)
  }

  /** The state on disk, read beside the open log. Throws MasterError. */
  durableState(): State {
    return readLogFolder(this.folder).state
  }

  /** A declaration's decisions, oldest first. Rejects with the disk's errors. */
  history(metaInstanceId: MetaInstanceId): Promise<History> {
    return historyOf(this.directory, metaInstanceId)
  }

  /**
   * Writes a snapshot if there are records since the last one, then compacts the log. Never rejects: after a failure,
   * which is logged, the next start replays more records.
   */
  takeSnapshot(): Promise<void> {
    if (this.opened.sequence === this.snapshotAt) return this.compacting ?? Promise.resolve()
    return (this.compacting ??= this.writeSnapshot()
      .catch((err: unknown) => this.folder.log.warn({ err }, 'no snapshot was written'))
      .finally(() => (this.compacting = undefined)))
  }

  /** Encodes a snapshot for a follower that needs records which compaction removed. They may not be durable yet. */
  snapshot(): { readonly log: LogEnd; readonly bytes: Buffer } {
    const snapshot = this.newestState()
    return { log: snapshot.logEnd, bytes: encodeSnapshot(snapshot) }
  }

  /** Sets aside the records after `after`, and saves their declarations as `fate` says. Rejects with MasterError. */
  async rewind(after: number, fate: Fate): Promise<EventLog> {
    await this.closeLog()
    return (this.opened = this.adopt(await setRecordsAside(this.folder, { after, fate })))
  }

  /** Replaces the log by a snapshot that covers all of it. Rejects with MasterError. */
  async install(snapshot: Snapshot): Promise<EventLog> {
    await this.closeLog()
    const { sequence } = snapshot.logEnd
    this.folder.log.info(
      { fact: 'snapshot_installed', sequence },
      'took a snapshot of the leader in the place of its log',
    )
    return (this.opened = this.adopt(replaceBySnapshot(this.folder, snapshot)))
  }

  /** Reopens the log after a disk error. Rejects with MasterError if the disk still refuses or has too little space. */
  async reopen(): Promise<EventLog> {
    await this.closeLog()
    try {
      checkFreeSpace(this.directory, REQUIRED_FREE_BYTES)
    } catch (cause) {
      throw diskError(this.directory.path, cause)
    }
    return (this.opened = this.adopt(openLogFolder(this.folder)))
  }

  async close(): Promise<void> {
    await this.closeLog()
  }

  /** Resolves when nothing writes to the open log any more. */
  private async closeLog(): Promise<void> {
    await this.opened.flushed().catch(() => undefined)
    await this.opened.close()
    await this.compacting
  }

  private async writeSnapshot(): Promise<void> {
    const { opened, directory } = this
    // State and log end must belong together; later records go to a new segment.
    const snapshot = this.newestState()
    this.snapshotAt = snapshot.logEnd.sequence
    opened.startSegment()
    // A snapshot may contain only durable records.
    await opened.flushed()
    await compact(directory, writeSnapshot(directory, snapshot))
    await pruneSetAside(directory)
  }

  private newestState(): Snapshot {
    const { state } = this
    const { logEnd, commands } = this.opened
    return { logEnd, commands: commands.latest(SNAPSHOT_COMMANDS), state }
  }

  /** Takes snapshots of a log from now on. */
  private adopt({ log, replayed }: OpenedLog): EventLog {
    this.snapshotAt = log.sequence - replayed
    log.onDurable = () => {
      if (log.sequence - this.snapshotAt >= (this.folder.snapshotEvery ?? SNAPSHOT_EVERY)) void this.takeSnapshot()
    }
    return log
  }
}
