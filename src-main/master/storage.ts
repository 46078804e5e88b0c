import type { LogEnd } from '@core/consensus/index'
import type { MetaInstanceId } from '@core/ids'
import { durablePart } from '@core/state/durable'
import type { State } from '@core/state/state'
import { compact } from './compaction'
import { diskError } from './errors'
import type { EventLog } from './event-log'
import { historyOf, type History } from './history'
import { logDirectory, openLogFolder, readLogFolder, type LogFolder, type OpenedLog } from './log-folder'
import type { Directory } from '../disk/directory'
import { proveRoom } from './room'
import { tidyAside } from './set-aside'
import { encodeSnapshot, writeSnapshot, type Snapshot } from './snapshot'
import { replaceBySnapshot, setRecordsAside, type Fate } from './split'

/** Records between two snapshots, unless it is told another number. */
const SNAPSHOT_EVERY = 2000
/** It must have this much room: where no more than a few records fit, the node would step down again at once. */
const DISK_ROOM_BYTES = 64 * 1024

/** So many in a snapshot: whoever asks again does so soon. */
const KEPT_COMMANDS = 1000

export interface StoredFolder extends LogFolder {
  /** Records between two snapshots. */
  readonly snapshotEvery?: number
}

/** The log of decisions that is open now, its snapshots, and what takes its place after a split or a full disk. */
export class Storage {
  private opened: EventLog
  private snapshotAt = 0
  /** A snapshot is being written, or what it makes superfluous removed. */
  private tidying: Promise<void> | undefined

  private constructor(
    private readonly folder: StoredFolder,
    opened: OpenedLog,
  ) {
    this.opened = this.take(opened)
  }

  /** Opens it, with the state that it holds. Throws MasterError. */
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

  /** What all records of the open log say, on the disk or not. */
  get state(): State {
    return durablePart(this.opened.state)
  }

  /** What the disk has, read without disturbing the log that is open. Throws MasterError. */
  durable(): State {
    return readLogFolder(this.folder).state
  }

  /** A declaration's decisions, oldest first. */
  history(metaInstanceId: MetaInstanceId): Promise<History> {
    return historyOf(this.directory, metaInstanceId)
  }

  /**
   * Writes a snapshot, and removes what it makes superfluous. Resolves also where the disk refuses: then the next
   * start replays more.
   */
  takeSnapshot(): Promise<void> {
    if (this.opened.sequence === this.snapshotAt) return this.tidying ?? Promise.resolve()
    return (this.tidying ??= this.writeSnapshot()
      .catch((err: unknown) => this.folder.log.warn({ err }, 'no snapshot was written'))
      .finally(() => (this.tidying = undefined)))
  }

  /** What a follower that is far behind is given in place of records. */
  snapshot(): { readonly log: LogEnd; readonly bytes: Buffer } {
    const snapshot = this.newestState()
    return { log: snapshot.logEnd, bytes: encodeSnapshot(snapshot) }
  }

  /** Sets the records after one aside; what people declared in them is remembered unless it is to be forgotten. */
  async rewind(after: number, fate: Fate): Promise<EventLog> {
    await this.end()
    return (this.opened = this.take(await setRecordsAside(this.folder, { after, fate })))
  }

  /** Another log takes the place of this one, of which it holds everything. Rejects with MasterError. */
  async install(snapshot: Snapshot): Promise<EventLog> {
    await this.end()
    const { sequence } = snapshot.logEnd
    this.folder.log.info(
      { fact: 'snapshot_installed', sequence },
      'took a snapshot of the leader in the place of its log',
    )
    return (this.opened = this.take(replaceBySnapshot(this.folder, snapshot)))
  }

  /** Opens again what a disk refused. Rejects with MasterError while it still does. */
  async reopen(): Promise<EventLog> {
    await this.end()
    try {
      proveRoom(this.directory, DISK_ROOM_BYTES)
    } catch (cause) {
      throw diskError(this.directory.path, cause)
    }
    return (this.opened = this.take(openLogFolder(this.folder)))
  }

  async close(): Promise<void> {
    await this.end()
  }

  /** Nothing of this log is written any more. */
  private async end(): Promise<void> {
    await this.opened.flushed().catch(() => undefined)
    await this.opened.close()
    await this.tidying
  }

  private async writeSnapshot(): Promise<void> {
    const { opened, directory } = this
    // Both of the same moment; what is appended from now on goes into a segment of its own.
    const snapshot = this.newestState()
    this.snapshotAt = snapshot.logEnd.sequence
    opened.beginSegment()
    // Only what is durable may stand in a snapshot.
    await opened.flushed()
    await compact(directory, writeSnapshot(directory, snapshot))
    await tidyAside(directory)
  }

  private newestState(): Snapshot {
    const { state } = this
    const { logEnd, commands } = this.opened
    return { logEnd, commands: commands.latest(KEPT_COMMANDS), state }
  }

  private take({ log, replayed }: OpenedLog): EventLog {
    this.snapshotAt = log.sequence - replayed
    log.onDurable = () => {
      if (log.sequence - this.snapshotAt >= (this.folder.snapshotEvery ?? SNAPSHOT_EVERY)) void this.takeSnapshot()
    }
    return log
  }
}
