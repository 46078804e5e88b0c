import type { LogEnd } from '@core/consensus/index'
import { Folding } from '@core/fold/index'
import type { NodeId } from '@core/ids'
import { emptyState, type State } from '@core/state/state'
import type { Directory } from '../../disk/directory'
import { diskError, MasterError, stopping } from '../errors'
import { finishInstallation } from './installation'
import { afterAppending, readContents } from './log-contents'
import type { RecentCommands } from './recent-commands'
import { RecentRecords } from './recent-records'
import { encodeRecord, type NewRecord } from './record'
import { lastCompacted, SEGMENT_HEADER_BYTES, segmentName } from './segment'
import { truncateTornEnd, openSegment, type OpenSegment } from './segment-file'

/** Size in bytes at which the log starts a new segment. */
const SEGMENT_BYTES = 4 * 1024 * 1024

export interface EventLogOptions {
  readonly directory: Directory
  /** This node, the author of term records that name no leader (written by versions before replication). */
  readonly self: NodeId
  readonly warn: (message: string) => void
  /** Size in bytes at which the log starts a new segment. */
  readonly segmentBytes?: number
}

interface QueuedWrite {
  /** Sequence number of its first record; of the next record if it has none. */
  readonly sequence: number
  /** The encoded records; empty for a flush. */
  readonly bytes: Buffer
  readonly resolve: () => void
  readonly reject: (error: MasterError) => void
}

/**
 * The log of decisions on disk: append-only segments, and snapshots. The two latest snapshots and all records after the
 * older one are kept, so that the log survives damage to one of them; compaction removes earlier records
 * (`compaction.ts`).
 *
 * Appends change the state in memory at once and are queued for the disk; writes queued during a sync share the next one
 * (group commit). The first write that fails fails all later ones: the log has to be closed and opened again.
 */
export class EventLog {
  private queue: QueuedWrite[] = []
  private draining: Promise<void> | undefined
  private closed = false
  private failure: MasterError | undefined
  /** The latest records, durable or not. */
  readonly recent = new RecentRecords()
  /** Ids of the latest commands with records in this log. */
  readonly commands: RecentCommands
  /** Called after each sync. */
  onDurable: () => void = () => undefined
  private rotatesNext = false

  private constructor(
    private readonly directory: Directory,
    private readonly segmentBytes: number,
    private segment: OpenSegment,
    private readonly self: NodeId,
    /** Includes records that are not durable yet. */
    private end: LogEnd,
    commands: RecentCommands,
    /** State after all appended records, durable or not. */
    private folding: Folding,
  ) {
    this.commands = commands
  }

  /** Sequence number of the last appended record, durable or not. */
  get sequence(): number {
    return this.end.sequence
  }

  /** End of the log, including records that are not durable yet. */
  get logEnd(): LogEnd {
    return this.end
  }

  /** State after all appended records, durable or not. */
  get state(): State {
    return this.folding.state
  }

  /** Sequence number of the last record removed by compaction; 0 if the segments hold every record. */
  get lastCompacted(): number {
    return lastCompacted(this.directory)
  }

  /** Whether it takes records: it was not closed, and no write has failed. */
  get isOpen(): boolean {
    return this.refusal() === undefined
  }

  /** The next write goes to a new segment. Called at a snapshot, so that compaction can remove all segments before it. */
  startSegment(): void {
    this.rotatesNext = true
  }

  /**
   * Opens the log of a directory, or creates it. Finishes an interrupted snapshot installation, and truncates a torn
   * write after saving it beside the segment. `replayed`: number of records after the snapshot. Throws MasterError if the
   * disk refuses or the log is damaged anywhere but at its end.
   */
  static open({ directory, self, warn, segmentBytes = SEGMENT_BYTES }: EventLogOptions): {
    log: EventLog
    state: State
    replayed: number
  } {
    try {
      directory.make()
      finishInstallation(directory)
    } catch (cause) {
      throw diskError(directory.path, cause)
    }
    const { end, newest, torn, commands, folding, replayed } = readContents({ directory, self, warn })
    if (torn) truncateTornEnd(directory, { name: newest, ...torn, warn })
    return {
      log: new EventLog(directory, segmentBytes, openSegment(directory, newest), self, end, commands, folding),
      state: folding.state,
      replayed,
    }
  }

  /**
   * Assigns sequence numbers, folds the records at once, and resolves when all of them are durable. Rejects with
   * MasterError if any could not be written; from then on the log refuses all appends.
   */
  append(records: readonly NewRecord[]): Promise<void> {
    const refusal = this.refusal()
    if (refusal) return Promise.reject(refusal)
    if (records.length === 0) return Promise.resolve()
    const sequence = this.sequence + 1
    let frames: Buffer[]
    try {
      frames = records.map((record, at) => encodeRecord({ ...record, sequence: sequence + at }))
    } catch (cause) {
      // The caller has folded the events already: fail as for a disk error, so that it restores the durable state.
      return Promise.reject((this.failure = diskError(this.segment.path, cause)))
    }
    // An empty log may show the state of a discarded one (`readPreviousState`); its first record replaces that.
    if (this.end.sequence === 0) this.folding = new Folding(emptyState())
    for (const record of records) {
      this.commands.note(record)
      if (record.kind === 'decision') this.folding.fold(record.envelope)
      else this.folding.enter(record.term, record.master ?? this.self)
    }
    for (const [at, record] of records.entries())
      this.recent.add({ ...record, sequence: sequence + at }, frames[at]?.length ?? 0)
    this.end = records.reduce((end, record) => afterAppending(end, record, this.self), this.end)
    return new Promise((resolve, reject) => {
      this.queue.push({ sequence, bytes: Buffer.concat(frames), resolve, reject })
      this.draining ??= this.drain()
    })
  }

  /** Resolves when everything appended so far is durable. Rejects with the MasterError of the write that failed. */
  flushed(): Promise<void> {
    if (!this.draining) return this.failure ? Promise.reject(this.failure) : Promise.resolve()
    return new Promise((resolve, reject) =>
      this.queue.push({ sequence: this.sequence + 1, bytes: Buffer.alloc(0), resolve, reject }),
    )
  }

  /** Refuses further appends, and resolves when all earlier ones are durable or have failed. */
  async close(): Promise<void> {
    if (this.closed) return
    this.closed = true
    await this.draining
    this.segment.file.close()
  }

  private refusal(): MasterError | undefined {
    return this.failure ?? (this.closed ? stopping() : undefined)
  }

  /** Group commit: all writes queued during one sync share the next. */
  private async drain(): Promise<void> {
    while (this.queue.length > 0) {
      const batch = this.queue
      this.queue = []
      try {
        if (this.failure) throw this.failure
        await this.writeDurably(batch)
        for (const { resolve } of batch) resolve()
        this.onDurable()
      } catch (cause) {
        this.failure ??= this.rollBack(cause)
        for (const { reject } of batch) reject(this.failure)
      }
    }
    this.draining = undefined
  }

  private async writeDurably(batch: readonly QueuedWrite[]): Promise<void> {
    const bytes = Buffer.concat(batch.map((one) => one.bytes))
    if (bytes.length === 0) return
    // Rotates before the write: if the new segment cannot be created, nothing durable is reported as failed.
    const isFull = this.segment.size >= this.segmentBytes
    if (isFull || (this.rotatesNext && this.segment.size > SEGMENT_HEADER_BYTES))
      this.rotate(batch[0]?.sequence ?? this.sequence)
    this.rotatesNext = false
    let written = 0
    while (written < bytes.length) {
      const position = this.segment.size + written
      written += await this.segment.file.write(bytes, { offset: written, position })
    }
    await this.segment.file.sync()
    this.segment.size += bytes.length
  }

  /** Closes the segment and opens the one that starts with `firstSequence`. Throws MasterError. */
  private rotate(firstSequence: number): void {
    const next = openSegment(this.directory, segmentName(firstSequence))
    this.segment.file.close()
    this.segment = next
  }

  /** Truncates what a failed batch wrote, so that the next start does not replay records that were reported as failed. */
  private rollBack(cause: unknown): MasterError {
    try {
      this.segment.file.truncateSync(this.segment.size)
      this.segment.file.syncSync()
    } catch {
      // The disk refuses this too. The reopened log is read from disk, with whatever was written.
    }
    return cause instanceof MasterError ? cause : diskError(this.segment.path, cause)
  }
}
