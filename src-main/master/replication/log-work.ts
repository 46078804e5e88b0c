import type { Effect, Input, LogEnd } from '@core/consensus/index'
import type { LogRecord } from '@core/events/record'
import type { NodeId } from '@core/ids'
import type { EventLog } from '../log/event-log'
import { Sending, type SendingParts } from './sending'
import { decodeSnapshot, type Snapshot } from '../log/snapshot'

/** The records or the snapshot that came with a consensus message. */
export interface Payload {
  readonly records?: readonly LogRecord[]
  readonly snapshot?: Buffer
}

/** Effects of the consensus on the log. */
export type LogEffect = Extract<Effect, { kind: 'sendRecords' | 'beginTerm' | 'store' | 'install' | 'rewind' }>

/** What an effect needs from the time at which the consensus returned it. */
export interface EffectContext {
  /** The payload of the message that caused it. */
  readonly payload: Payload
  readonly logGeneration: number
}

export interface LogWorkParts extends Omit<SendingParts, 'log'> {
  readonly self: NodeId
  /** Sets aside the records after `after`; resolves with the reopened log, which may be shorter. Rejects with MasterError. */
  readonly rewind: (after: number) => Promise<EventLog>
  /** Replaces the log by a snapshot; resolves with the new log. Rejects with MasterError. */
  readonly install: (snapshot: Snapshot) => Promise<EventLog>
  /** Inputs the result of an effect to the consensus. */
  readonly step: (input: Input) => void
  /** An effect failed; the ones after it are still carried out. */
  readonly onFailure: (error: unknown) => void
}

/** Carries out the log effects of the consensus, one at a time and in order, and inputs their results to it. */
export class LogWork {
  private work: Promise<void> = Promise.resolve()
  private generation = 0
  private readonly sending: Sending

  constructor(
    private readonly parts: LogWorkParts,
    private opened: EventLog,
  ) {
    this.sending = new Sending({ ...parts, log: () => this.opened })
  }

  get log(): EventLog {
    return this.opened
  }

  /**
   * Increases each time the log lost records that the consensus believed to be there. Effects that add to the log are
   * dropped if it has increased since they were returned; the consensus returns new ones after the `rewound` input.
   */
  get logGeneration(): number {
    return this.generation
  }

  /** Resolves when all effects so far have been carried out or have failed. */
  get done(): Promise<void> {
    return this.work
  }

  /** Continues with another or a truncated log. */
  replaceLog(log: EventLog): void {
    this.opened = log
    this.sending.reset()
  }

  /** Queues an effect. */
  execute(effect: LogEffect, { payload, logGeneration }: EffectContext): void {
    const unlessRewound = (next: () => Promise<void>): void =>
      this.enqueue(() => (this.generation === logGeneration ? next() : Promise.resolve()))
    switch (effect.kind) {
      case 'sendRecords':
        return this.enqueue(() => this.sendRecords(effect))
      case 'beginTerm':
        return unlessRewound(() => {
          const { term, boot } = effect
          return this.append([{ kind: 'term', term, master: this.parts.self, ...(boot !== undefined && { boot }) }])
        })
      case 'store':
        return unlessRewound(() => this.store(payload.records ?? []))
      case 'install':
        return unlessRewound(() => this.install(effect.log, payload.snapshot))
      case 'rewind':
        return this.enqueue(() => this.rewind(effect.after))
    }
  }

  private enqueue(next: () => Promise<void>): void {
    this.work = this.work.then(next).catch((error: unknown) => this.parts.onFailure(error))
  }

  private async rewind(after: number): Promise<void> {
    this.replaceLog(await this.parts.rewind(after))
    const { logEnd: log } = this.opened
    if (log.sequence < after) this.rewound()
    else this.parts.step({ kind: 'written', log })
  }

  /** The log is shorter than the consensus believed. */
  private rewound(): void {
    this.generation += 1
    this.parts.step({ kind: 'rewound', log: this.opened.logEnd })
  }

  private async append(records: Parameters<EventLog['append']>[0]): Promise<void> {
    const written = this.opened.append(records)
    const end = this.opened.logEnd
    await written
    this.parts.step({ kind: 'written', log: end })
  }

  private async store(records: readonly LogRecord[]): Promise<void> {
    const missing = records.filter(({ sequence }) => sequence > this.opened.sequence)
    // A gap: more records were set aside than the leader had asked for.
    if (missing[0] && missing[0].sequence !== this.opened.sequence + 1) return this.rewound()
    await this.append(missing)
  }

  private async install(log: LogEnd, bytes: Buffer | undefined): Promise<void> {
    const snapshot = bytes && decodeSnapshot(bytes)
    if (snapshot?.logEnd.sequence !== log.sequence) return this.rewound()
    this.replaceLog(await this.parts.install(snapshot))
    this.parts.step({ kind: 'written', log: this.opened.logEnd })
  }

  private async sendRecords(effect: Extract<Effect, { kind: 'sendRecords' }>): Promise<void> {
    let through = effect.after
    try {
      through = await this.sending.send(effect)
    } finally {
      this.parts.step({ kind: 'sent', to: effect.to, through })
    }
  }
}
