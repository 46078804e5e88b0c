import type { LogEnd } from '@core/consensus/index'
import { Folding } from '@core/fold/index'
import type { NodeId } from '@core/ids'
import { emptyState, type State } from '@core/state/state'
import type { Directory } from '../disk/directory'
import { diskError, MasterError, stopping } from './errors'
import { finishInstallation } from './installation'
import { grown, readContents, type NewRecord } from './log-contents'
import type { RecentCommands } from './recent-commands'
import { RecentRecords } from './recent-records'
import { encodeRecord } from './record'
import { baseOf, SEGMENT_HEADER_BYTES, segmentName } from './segment'
import { cutOff, openSegment, type OpenSegment } from './segment-file'

/** A new segment begins after this many bytes. */
const SEGMENT_BYTES = 4 * 1024 * 1024

export interface EventLogOptions {
  readonly directory: Directory
  /** This node: it wrote what does not say who did. */
  readonly self: NodeId
  readonly warn: (message: string) => void
  readonly segmentBytes?: number
}

interface Waiting {
  /** Of its first record, or of the next one where it has none. */
  readonly sequence: number
  readonly bytes: Buffer
  readonly durable: () => void
  readonly failed: (error: MasterError) => void
}

/**
 * The memory of decisions: snapshots, and segments that are only ever appended to. Of two snapshots the older one and
 * all records after it are kept, so that either of them may turn out damaged; what came before is removed
 * (`compaction.ts`).
 */
export class EventLog {
  private waiting: Waiting[] = []
  private draining: Promise<void> | undefined
  private closed = false
  private failure: MasterError | undefined
  /** The records that were appended last. */
  readonly recent = new RecentRecords()
  /** The commands that were decided last. */
  readonly commands: RecentCommands
  /** Called when records have reached the disk. */
  onDurable: () => void = () => undefined
  private beginsSegment = false

  private constructor(
    private readonly directory: Directory,
    private readonly segmentBytes: number,
    private segment: OpenSegment,
    private readonly self: NodeId,
    /** How far it goes with what was appended last, and who wrote which part. */
    private end: LogEnd,
    commands: RecentCommands,
    /** What all records say that were appended. */
    private folding: Folding,
  ) {
    this.commands = commands
  }

  /** Of the last record that was given out. */
  get sequence(): number {
    return this.end.sequence
  }

  get logEnd(): LogEnd {
    return this.end
  }

  /** What all records say that were appended, on the disk or not. */
  get state(): State {
    return this.folding.state
  }

  /** The last record that only snapshots hold; 0 where all are there. */
  get base(): number {
    return baseOf(this.directory)
  }

  /** What comes next goes into a new segment: the others end where a snapshot does. */
  beginSegment(): void {
    this.beginsSegment = true
  }

  /**
   * Opens the log with what it holds. A torn end is cut off, with a copy beside it. Throws MasterError for damage
   * anywhere else.
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
    if (torn) cutOff(directory, { name: newest, ...torn, warn })
    return {
      log: new EventLog(directory, segmentBytes, openSegment(directory, newest), self, end, commands, folding),
      state: folding.state,
      replayed,
    }
  }

  /** Resolves when the records are on the disk, all of them. Rejects with MasterError; the log then takes no more. */
  append(records: readonly NewRecord[]): Promise<void> {
    const refusal = this.refusal()
    if (refusal) return Promise.reject(refusal)
    if (records.length === 0) return Promise.resolve()
    const sequence = this.sequence + 1
    let frames: Buffer[]
    try {
      frames = records.map((record, at) => encodeRecord({ ...record, sequence: sequence + at }))
    } catch (cause) {
      // It has been folded: as with a disk that refuses, what was folded has to be put back.
      return Promise.reject((this.failure = diskError(this.segment.path, cause)))
    }
    // The first record of a log takes the place of what was known before it.
    if (this.end.sequence === 0) this.folding = new Folding(emptyState())
    for (const record of records) {
      this.commands.note(record)
      if (record.kind === 'decision') this.folding.fold(record.envelope)
      else this.folding.enter(record.term, record.master ?? this.self)
    }
    for (const [at, record] of records.entries())
      this.recent.add({ ...record, sequence: sequence + at }, frames[at]?.length ?? 0)
    this.end = records.reduce((end, record) => grown(end, record, this.self), this.end)
    return new Promise((durable, failed) => {
      this.waiting.push({ sequence, bytes: Buffer.concat(frames), durable, failed })
      this.draining ??= this.drain()
    })
  }

  /** Resolves when all that was appended so far is on the disk. */
  flushed(): Promise<void> {
    if (!this.draining) return this.failure ? Promise.reject(this.failure) : Promise.resolve()
    return new Promise((durable, failed) =>
      this.waiting.push({ sequence: this.sequence + 1, bytes: Buffer.alloc(0), durable, failed }),
    )
  }

  /** Takes no more, and resolves when what was appended before is on the disk or has failed. */
  async close(): Promise<void> {
    if (this.closed) return
    this.closed = true
    await this.draining
    this.segment.file.close()
  }

  private refusal(): MasterError | undefined {
    return this.failure ?? (this.closed ? stopping() : undefined)
  }

  /** Everything that arrived while one sync ran goes into the next one. */
  private async drain(): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.waiting
      this.waiting = []
      try {
        if (this.failure) throw this.failure
        await this.writeDurably(batch)
        for (const { durable } of batch) durable()
        this.onDurable()
      } catch (cause) {
        this.failure ??= this.takeBack(cause)
        for (const { failed } of batch) failed(this.failure)
      }
    }
    this.draining = undefined
  }

  private async writeDurably(batch: readonly Waiting[]): Promise<void> {
    const bytes = Buffer.concat(batch.map((one) => one.bytes))
    if (bytes.length === 0) return
    // Before the batch, so that a new segment that cannot be made fails nothing that is already durable.
    const isFull = this.segment.size >= this.segmentBytes
    if (isFull || (this.beginsSegment && this.segment.size > SEGMENT_HEADER_BYTES))
      this.rotate(batch[0]?.sequence ?? this.sequence)
    this.beginsSegment = false
    let written = 0
    while (written < bytes.length) {
      const position = this.segment.size + written
      written += await this.segment.file.write(bytes, { offset: written, position })
    }
    await this.segment.file.sync()
    this.segment.size += bytes.length
  }

  /** A segment is named after the first record that it holds. */
  private rotate(firstSequence: number): void {
    const next = openSegment(this.directory, segmentName(firstSequence))
    this.segment.file.close()
    this.segment = next
  }

  /** What reached the disk of a batch that failed as a whole must not come true at the next start. */
  private takeBack(cause: unknown): MasterError {
    try {
      this.segment.file.truncateSync(this.segment.size)
      this.segment.file.syncSync()
    } catch {
      // A disk that refuses even this is judged by what it holds when it is read again.
    }
    return cause instanceof MasterError ? cause : diskError(this.segment.path, cause)
  }
}
