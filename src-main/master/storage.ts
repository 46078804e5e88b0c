import type { Envelope } from '@core/events/event'
import type { MetaInstanceId } from '@core/ids'
import type { State } from '@core/state/state'
import { proveRoom } from './directory'
import { diskError } from './errors'
import type { EventLog } from './event-log'
import { historyOf } from './history'
import { logDirectory, openedState, openLogFolder, type LogFolder, type OpenedLog } from './log-folder'
import { writeSnapshot } from './snapshot'
import { setRecordsAside } from './split'

/** Decisions between two snapshots. */
const SNAPSHOT_EVERY = 5000
/** It must have this much room: where no more than a few records fit, the node would step down again at once. */
const DISK_ROOM_BYTES = 64 * 1024

/** So many in a snapshot: whoever asks again does so soon. */
const KEPT_COMMANDS = 1000

/** The log of decisions that is open now, its snapshots, and what takes its place after a split or a full disk. */
export class Storage {
  private opened: EventLog
  private snapshotAt: number

  private constructor(
    private readonly folder: LogFolder,
    { log, replayed }: OpenedLog,
  ) {
    this.opened = log
    this.snapshotAt = log.sequence - replayed
  }

  /** Opens it, with the state that it holds. Throws MasterError. */
  static open(folder: LogFolder): { readonly storage: Storage; readonly state: State; readonly replayed: number } {
    const opened = openLogFolder(folder)
    return { storage: new Storage(folder, opened), state: opened.state, replayed: opened.replayed }
  }

  get log(): EventLog {
    return this.opened
  }

  get directory(): string {
    return logDirectory(this.folder)
  }

  /** What the disk has, read without disturbing the log that is open. Throws MasterError. */
  durable(): State {
    return openedState(this.folder)
  }

  /** A declaration's decisions, oldest first. */
  history(metaInstanceId: MetaInstanceId): Promise<readonly Envelope[]> {
    return historyOf(this.directory, metaInstanceId)
  }

  /** Whether so much was decided that the next start would be slow. */
  get wantsSnapshot(): boolean {
    return this.opened.sequence - this.snapshotAt >= SNAPSHOT_EVERY
  }

  /** Rejects where the disk refuses; then the next start replays more. */
  async takeSnapshot(state: State): Promise<void> {
    const { sequence, epochs } = this.opened.logEnd
    const commands = this.opened.commands.latest(KEPT_COMMANDS)
    this.snapshotAt = sequence
    // Only what is durable may stand in a snapshot.
    await this.opened.flushed()
    writeSnapshot(this.directory, { sequence, epochs, commands, state })
  }

  /** Sets the records after one aside; with `keep`, what people declared in them is remembered (`split.ts`). */
  async rewind(after: number, { keep }: { readonly keep: boolean }): Promise<EventLog> {
    await this.opened.flushed().catch(() => undefined)
    await this.opened.close()
    return this.take(await setRecordsAside(this.folder, { after, keep }))
  }

  /** Opens again what a disk refused. Rejects with MasterError while it still does. */
  async reopen(): Promise<EventLog> {
    await this.opened.close()
    try {
      proveRoom(this.directory, DISK_ROOM_BYTES)
    } catch (cause) {
      throw diskError(this.directory, cause)
    }
    return this.take(openLogFolder(this.folder))
  }

  close(): Promise<void> {
    return this.opened.close()
  }

  private take({ log, replayed }: OpenedLog): EventLog {
    this.opened = log
    this.snapshotAt = log.sequence - replayed
    return log
  }
}
