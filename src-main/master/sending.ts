import { cutAfter, type Effect, type LogEnd, type Message, withEpochsSince } from '@core/consensus/index'
import type { LogRecord } from '@core/events/record'
import type { NodeId } from '@core/ids'
import { wait, type Timers } from '@core/time/timers'
import type { Directory } from '../disk/directory'
import type { EventLog } from './event-log'
import { LogReading } from './log-reading'

/** Records in one frame, at most; and their bytes, unless one alone has more. Other frames wait while one is sent. */
const RECORDS_PER_FRAME = 500
const RECORD_BYTES_PER_FRAME = 1024 * 1024
/** What is on the disk is known to be there a moment later. */
const LOOK_MS = 5

type SendRecords = Extract<Effect, { kind: 'sendRecords' }>

export interface SendingParts {
  readonly directory: Directory
  readonly timers: Timers
  readonly log: () => EventLog
  /** How far the consensus knows the own log. */
  readonly end: () => LogEnd
  readonly leadsIn: (term: number) => boolean
  readonly send: (to: NodeId, message: Message, records?: readonly LogRecord[]) => void
  /** All that the log says now, for a follower that lacks what it no longer has. */
  readonly snapshot: () => { readonly log: LogEnd; readonly bytes: Buffer }
  readonly sendSnapshot: (to: NodeId, message: Message, bytes: Buffer) => void
  /** That follower lacks records that are no more, and its version takes no snapshot. */
  readonly onTooOld: (peer: NodeId) => void
}

/** Gives followers what they lack of this log: records, or a snapshot where the log no longer has them. */
export class Sending {
  private readonly reading: LogReading

  constructor(private readonly parts: SendingParts) {
    this.reading = new LogReading(parts.directory, () => parts.log().recent)
  }

  /** The log is another one, or shorter. */
  beginAnew(): void {
    this.reading.beginAnew()
  }

  /** Resolves with the last record that was given to the link, when it was. */
  async send(effect: SendRecords): Promise<number> {
    const { log, onTooOld } = this.parts
    if (effect.after >= log().base) return this.sendWindow(effect)
    if (!effect.whole) return this.sendSnapshot(effect)
    onTooOld(effect.to)
    return effect.after
  }

  private async sendSnapshot({ to, after, term }: SendRecords): Promise<number> {
    const { snapshot, sendSnapshot, log: own, end, leadsIn } = this.parts
    const { log, bytes } = snapshot()
    await own().flushed()
    while (end().sequence < log.sequence) {
      // One that leads no more sets records aside as soon as this returns: they never become durable.
      if (own().sequence < log.sequence || !leadsIn(term)) return after
      await wait(this.parts.timers, LOOK_MS)
    }
    sendSnapshot(to, { type: 'snapshot', term, log }, bytes)
    return log.sequence
  }

  private async sendWindow({ to, after, term, bytes: most, whole }: SendRecords): Promise<number> {
    const end = this.parts.end()
    let batch: LogRecord[] = []
    let bytes = 0
    let all = 0
    let first = after
    const send = (): void => {
      const last = batch.at(-1)?.sequence
      if (last === undefined) return
      const log = cutAfter(end, last)
      const told = whole ? log : withEpochsSince(log, first)
      this.parts.send(to, { type: 'records', term, after: first, log: told }, batch)
      first = last
      batch = []
      bytes = 0
    }
    for await (const { record, bytes: size } of this.reading.after(to, after, end.sequence)) {
      // A snapshot has taken the place of what came before it, meanwhile.
      if (record.sequence !== (batch.at(-1)?.sequence ?? first) + 1) break
      if (batch.length >= RECORDS_PER_FRAME || bytes + size > RECORD_BYTES_PER_FRAME) send()
      batch.push(record)
      bytes += size
      all += size
      if (all >= most) break
    }
    send()
    return first
  }
}
