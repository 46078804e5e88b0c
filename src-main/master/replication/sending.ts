import { cutAfter, type Effect, type LogEnd, type Message, withEpochsSince } from '@core/consensus/index'
import type { LogRecord } from '@core/events/record'
import type { NodeId } from '@core/ids'
import { wait, type Timers } from '@core/time/timers'
import type { Directory } from '../../disk/directory'
import type { EventLog } from '../log/event-log'
import { LogCursors } from './log-cursors'

/**
 * Maximum number of records in a frame, and of their bytes, unless a single record is larger. Small, because other frames
 * of the link wait while one is sent.
 */
const RECORDS_PER_FRAME = 500
const RECORD_BYTES_PER_FRAME = 1024 * 1024
/** Poll interval until the consensus knows that the log is durable: its input follows the write. */
const POLL_MS = 5

type SendRecords = Extract<Effect, { kind: 'sendRecords' }>

export interface SendingParts {
  readonly directory: Directory
  readonly timers: Timers
  readonly log: () => EventLog
  /** The durable end of the log, as the consensus knows it. */
  readonly end: () => LogEnd
  /** Whether this node leads in that term. */
  readonly leadsIn: (term: number) => boolean
  readonly send: (to: NodeId, message: Message, records?: readonly LogRecord[]) => void
  /** Encodes the current state; for a follower that needs records which compaction removed. */
  readonly snapshot: () => { readonly log: LogEnd; readonly bytes: Buffer }
  readonly sendSnapshot: (to: NodeId, message: Message, bytes: Buffer) => void
  /** A follower needs a snapshot, but its version does not accept any. */
  readonly onTooOld: (peer: NodeId) => void
}

/** Sends followers the records that they lack; a snapshot if compaction has removed them. */
export class Sending {
  private readonly cursors: LogCursors

  constructor(private readonly parts: SendingParts) {
    this.cursors = new LogCursors(parts.directory, () => parts.log().recent)
  }

  /** Call it after the log was truncated or replaced. */
  reset(): void {
    this.cursors.reset()
  }

  /**
   * Carries out a `sendRecords` effect: sends records after `effect.after`, of about `effect.bytes` bytes. Resolves with
   * the last record handed to the link, or `effect.after` if none was. Rejects with the disk's errors.
   */
  async send(effect: SendRecords): Promise<number> {
    const { log, onTooOld } = this.parts
    if (effect.after >= log().lastCompacted) return this.sendWindow(effect)
    if (!effect.whole) return this.sendSnapshot(effect)
    onTooOld(effect.to)
    return effect.after
  }

  private async sendSnapshot({ to, after, term }: SendRecords): Promise<number> {
    const { snapshot, sendSnapshot, log: own, end, leadsIn } = this.parts
    const { log, bytes } = snapshot()
    await own().flushed()
    while (end().sequence < log.sequence) {
      // A deposed leader truncates its log once this returns, so do not wait for records that will be removed.
      if (own().sequence < log.sequence || !leadsIn(term)) return after
      await wait(this.parts.timers, POLL_MS)
    }
    sendSnapshot(to, { type: 'snapshot', term, log }, bytes)
    return log.sequence
  }

  private async sendWindow({ to, after, term, bytes: limit, whole }: SendRecords): Promise<number> {
    const end = this.parts.end()
    let batch: LogRecord[] = []
    let bytes = 0
    let sentBytes = 0
    let first = after
    const send = (): void => {
      const last = batch.at(-1)?.sequence
      if (last === undefined) return
      const log = cutAfter(end, last)
      const described = whole ? log : withEpochsSince(log, first)
      this.parts.send(to, { type: 'records', term, after: first, log: described }, batch)
      first = last
      batch = []
      bytes = 0
    }
    for await (const { record, bytes: size } of this.cursors.after(to, after, end.sequence)) {
      // A gap: compaction removed the records in between meanwhile.
      if (record.sequence !== (batch.at(-1)?.sequence ?? first) + 1) break
      if (batch.length >= RECORDS_PER_FRAME || bytes + size > RECORD_BYTES_PER_FRAME) send()
      batch.push(record)
      bytes += size
      sentBytes += size
      if (sentBytes >= limit) break
    }
    send()
    return first
  }
}
