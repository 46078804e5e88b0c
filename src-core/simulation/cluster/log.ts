import { cutAfter, type Epoch, type LogEnd } from '../../consensus/log-end'
import type { KnownTerm } from '../../consensus/replica'
import type { Decision, Envelope } from '../../events/event'
import { Folding } from '../../events/fold'
import type { LogRecord } from '../../events/record'
import type { CommandId, NodeId } from '../../ids'
import { durablePart } from '../../state/durable'
import { emptyState, type State } from '../../state/state'

export type NewRecord =
  | { readonly kind: 'decision'; readonly envelope: Envelope }
  | { readonly kind: 'term'; readonly term: number; readonly master: NodeId }

/** A node's log of decisions, and how much of it is on its disk: a crash loses the rest. */
export class SimulatedLog {
  private readonly records: LogRecord[] = []
  private epochs: Epoch[] = []
  private synced = 0
  /** Beside the log, on the disk as soon as it is set. */
  knownTerm: KnownTerm = { term: 0 }

  constructor(founding: readonly NewRecord[]) {
    this.append(founding)
    this.flush()
  }

  get end(): LogEnd {
    return { sequence: this.records.length, epochs: [...this.epochs] }
  }

  append(added: readonly (NewRecord | LogRecord)[]): LogEnd {
    for (const record of added) {
      const sequence = this.records.length + 1
      this.records.push({ ...record, sequence })
      if (record.kind === 'term' && record.master !== undefined)
        this.epochs.push({ term: record.term, master: record.master, from: sequence })
    }
    return this.end
  }

  /** Everything up to this record is on the disk now. */
  sync(sequence: number): void {
    this.synced = Math.max(this.synced, Math.min(sequence, this.records.length))
  }

  flush(): void {
    this.synced = this.records.length
  }

  /** The records after one, up to another. */
  after(first: number, last: number): readonly LogRecord[] {
    return this.records.slice(first, last)
  }

  hasDecided(commandId: CommandId): boolean {
    return this.records.some((record) => record.kind === 'decision' && record.envelope.commandId === commandId)
  }

  decisions(): Envelope[] {
    return this.records.flatMap((record) => (record.kind === 'decision' ? record.envelope : []))
  }

  decidedAfter(first: number): Decision[] {
    return this.records
      .slice(first)
      .flatMap((record) => (record.kind === 'decision' ? (record.envelope.event as Decision) : []))
  }

  /** What the log says up to a record. */
  stateAt(last = this.records.length): State {
    const folding = new Folding(emptyState())
    for (const record of this.records.slice(0, last)) {
      if (record.kind === 'decision') folding.fold(record.envelope)
      else folding.enter(record.term, record.master)
    }
    return durablePart(folding.state)
  }

  cut(after: number): void {
    this.epochs = cutAfter(this.end, after).epochs
    this.records.length = Math.min(this.records.length, after)
    this.flush()
  }

  /** The process died: what had not reached the disk is gone. Gives back how many records that were. */
  crash(): number {
    const lost = this.records.length - this.synced
    this.cut(this.synced)
    return lost
  }
}
