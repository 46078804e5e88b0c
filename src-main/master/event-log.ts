import {
  closeSync,
  constants,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  truncateSync,
  write,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { emptyLog, type LogEnd } from '@core/consensus/log-end'
import { Folding } from '@core/events/fold'
import type { LogRecord } from '@core/events/record'
import type { NodeId } from '@core/ids'
import { emptyState, type State } from '@core/state/state'
import { removeFileSync } from '../disk/removal'
import { syncDirectory } from './directory'
import { damaged, diskError, MasterError, stopping } from './errors'
import { RecentCommands } from './recent-commands'
import { RecentRecords } from './recent-records'
import { encodeRecord } from './record'
import { firstSequenceOf, readSegment, SEGMENT_HEADER_BYTES, segmentHeader, segmentName } from './segment'
import { newestSnapshot } from './snapshot'

const writeTo = promisify(write)
const sync = promisify(fdatasync)

/** A new segment begins after this many bytes. */
const SEGMENT_BYTES = 16 * 1024 * 1024

/** A record before it has its place. */
type Unplaced<Record> = Record extends LogRecord ? Omit<Record, 'sequence'> : never
export type NewRecord = Unplaced<LogRecord>

export interface EventLogOptions {
  readonly directory: string
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
 * The memory of decisions: segments that are only ever appended to. No segment is removed, so the
 * whole history of every declaration stays readable even if all snapshots are lost; snapshots only
 * make the start quick. Decisions are few (people's intentions and placements), which is what makes
 * keeping all of them cheap.
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

  private constructor(
    private readonly directory: string,
    private readonly segmentBytes: number,
    private segment: { fd: number; path: string; size: number },
    private readonly self: NodeId,
    /** How far it goes with what was appended last, and who wrote which part. */
    private end: LogEnd,
    commands: RecentCommands,
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

  /**
   * Opens the log and folds it: from the newest snapshot, then all records after it. A torn end is cut
   * off, with a copy beside it. Throws MasterError for damage anywhere else.
   */
  static open({ directory, self, warn, segmentBytes = SEGMENT_BYTES }: EventLogOptions): {
    log: EventLog
    state: State
    replayed: number
  } {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    const snapshot = newestSnapshot(directory, warn)
    const folding = new Folding(snapshot?.state ?? emptyState())
    const leader = snapshot?.epochs.at(-1)
    if (leader) folding.enter(leader.term, leader.master)
    const commands = new RecentCommands(snapshot?.commands)
    let end: LogEnd = snapshot ? { sequence: snapshot.sequence, epochs: [...snapshot.epochs] } : emptyLog
    const names = readdirSync(directory)
      .filter((name) => firstSequenceOf(name) !== undefined)
      .sort()
    const firsts = names.map((name) => firstSequenceOf(name) ?? 0)
    let replayed = 0
    if ((firsts[0] ?? 1) !== 1) throw damaged(join(directory, names[0] ?? ''), 0, 'earlier segments are missing')
    let logged = 0
    for (const [at, name] of names.entries()) {
      const first = firsts[at] ?? 0
      const following = firsts[at + 1]
      // All of it is in the snapshot.
      if (following !== undefined && following <= end.sequence + 1 && snapshot !== undefined) continue
      const path = join(directory, name)
      const content = readSegment(path, { from: first, after: end.sequence, isLast: following === undefined })
      const { last } = content
      logged = last
      if (following !== undefined && following !== last + 1)
        throw damaged(path, content.soundBytes, `${range(last + 1, following - 1)} missing after it`)
      for (const record of content.records) {
        if (record.sequence !== end.sequence + 1)
          throw damaged(path, SEGMENT_HEADER_BYTES, `record ${end.sequence + 1} is missing`)
        if (record.kind === 'decision') folding.fold(record.envelope)
        else folding.enter(record.term, record.master ?? self)
        commands.note(record)
        end = grown(end, record, self)
        replayed += 1
      }
      if (content.torn.length > 0) cutOff(path, content.soundBytes, content.torn, warn)
    }
    const path = join(directory, names.at(-1) ?? segmentName(1))
    if (logged < end.sequence)
      throw damaged(path, 0, `${range(logged + 1, end.sequence)} missing, which a snapshot has seen`)
    return {
      log: new EventLog(directory, segmentBytes, openSegment(directory, path), self, end, commands),
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
    for (const record of records) this.commands.note(record)
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
    closeSync(this.segment.fd)
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
    if (this.segment.size >= this.segmentBytes) this.rotate(batch[0]?.sequence ?? this.sequence)
    let written = 0
    while (written < bytes.length) {
      const { bytesWritten } = await writeTo(
        this.segment.fd,
        bytes,
        written,
        bytes.length - written,
        this.segment.size + written,
      )
      written += bytesWritten
    }
    await sync(this.segment.fd)
    this.segment.size += bytes.length
  }

  /** A segment is named after the first record that it holds. */
  private rotate(firstSequence: number): void {
    const next = openSegment(this.directory, join(this.directory, segmentName(firstSequence)))
    closeSync(this.segment.fd)
    this.segment = next
  }

  /** What reached the disk of a batch that failed as a whole must not come true at the next start. */
  private takeBack(cause: unknown): MasterError {
    try {
      ftruncateSync(this.segment.fd, this.segment.size)
      fdatasyncSync(this.segment.fd)
    } catch {
      // A disk that refuses even this is judged by what it holds when it is read again.
    }
    return cause instanceof MasterError ? cause : diskError(this.segment.path, cause)
  }
}

/** The end of a log with one more record. */
const grown = ({ sequence, epochs }: LogEnd, record: NewRecord, self: NodeId): LogEnd => {
  const from = sequence + 1
  if (record.kind === 'decision') return { sequence: from, epochs }
  return { sequence: from, epochs: [...epochs, { term: record.term, master: record.master ?? self, from }] }
}

const range = (first: number, last: number): string =>
  first === last ? `record ${first} is` : `records ${first} to ${last} are`

const cutOff = (path: string, offset: number, torn: Buffer, warn: (message: string) => void): void => {
  const copy = `${path}.cut-${offset}`
  try {
    writeFileSync(copy, torn, { mode: 0o600 })
    truncateSync(path, offset)
  } catch (cause) {
    throw diskError(path, cause)
  }
  warn(
    `${path} ended in the middle of a record, as after a crash or a power cut: cut off at byte ${offset}; the rest is kept in ${copy}`,
  )
}

const openSegment = (directory: string, path: string): { fd: number; path: string; size: number } => {
  let fd: number | undefined
  try {
    // Not in append mode: after a failed write the next one must begin where the last good one ended.
    fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600)
    const size = fstatSync(fd).size
    if (size >= SEGMENT_HEADER_BYTES) return { fd, path, size }
    writeFileSync(fd, segmentHeader())
    fsyncSync(fd)
    syncDirectory(directory)
    return { fd, path, size: SEGMENT_HEADER_BYTES }
  } catch (cause) {
    if (fd !== undefined) {
      // Tried again every few seconds: neither descriptors nor half a header may pile up.
      if (fstatSync(fd).size < SEGMENT_HEADER_BYTES) removeFileSync(directory, basename(path))
      closeSync(fd)
    }
    throw diskError(path, cause)
  }
}
