import type { Effect, Input, LogEnd } from '@core/consensus/index'
import type { LogRecord } from '@core/events/record'
import type { NodeId } from '@core/ids'
import type { EventLog } from './event-log'
import { Sending, type SendingParts } from './sending'
import { decodeSnapshot, type Snapshot } from './snapshot'

/** What came with a message. */
export interface Brought {
  readonly records?: readonly LogRecord[]
  readonly snapshot?: Buffer
}

/** What the consensus orders of the log. */
export type LogEffect = Extract<Effect, { kind: 'sendRecords' | 'beginTerm' | 'store' | 'install' | 'rewind' }>

/** How things stood when an effect was ordered. */
export interface OrderedOn {
  /** What came with the message that it follows from. */
  readonly brought: Brought
  /** How often less of the log was left until then. */
  readonly setBacks: number
}

export interface LogWorkParts extends Omit<SendingParts, 'log'> {
  readonly self: NodeId
  /** Sets the log's records after one aside; gives back the log that is left. */
  readonly rewind: (after: number) => Promise<EventLog>
  /** Puts a snapshot in the place of the log; gives back the log that goes on from there. */
  readonly install: (snapshot: Snapshot) => Promise<EventLog>
  /** Tells the consensus what has been done. */
  readonly take: (input: Input) => void
  readonly onFailure: (error: unknown) => void
}

/** Carries out on the log what the consensus orders, one after the other, and tells it what has been done. */
export class LogWork {
  private work: Promise<void> = Promise.resolve()
  /** How often less of the log was left than the consensus knew. */
  private rewinds = 0
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

  get setBacks(): number {
    return this.rewinds
  }

  /** Resolves when everything that was ordered until now has been done or has failed. */
  get done(): Promise<void> {
    return this.work
  }

  /** The log is another one, or shorter. */
  goOnWith(log: EventLog): void {
    this.opened = log
    this.sending.beginAnew()
  }

  carryOut(effect: LogEffect, { brought, setBacks }: OrderedOn): void {
    // What was ordered for the log as it was then: where less of it is left than the consensus knew, it is not done.
    const thenOnThisLog = (next: () => Promise<void>): void =>
      this.enqueue(() => (this.rewinds === setBacks ? next() : Promise.resolve()))
    switch (effect.kind) {
      case 'sendRecords':
        return this.enqueue(() => this.sendRecords(effect))
      case 'beginTerm':
        return thenOnThisLog(() => this.append([{ kind: 'term', term: effect.term, master: this.parts.self }]))
      case 'store':
        return thenOnThisLog(() => this.store(brought.records ?? []))
      case 'install':
        return thenOnThisLog(() => this.install(effect.log, brought.snapshot))
      case 'rewind':
        return this.enqueue(() => this.rewind(effect.after))
    }
  }

  private enqueue(next: () => Promise<void>): void {
    this.work = this.work.then(next).catch((error: unknown) => this.parts.onFailure(error))
  }

  private async rewind(after: number): Promise<void> {
    this.goOnWith(await this.parts.rewind(after))
    const { logEnd: log } = this.opened
    if (log.sequence < after) this.rewound()
    else this.parts.take({ kind: 'written', log })
  }

  /** Less of the log is left than the consensus knows of. It orders anew what follows. */
  private rewound(): void {
    this.rewinds += 1
    this.parts.take({ kind: 'rewound', log: this.opened.logEnd })
  }

  private async append(records: Parameters<EventLog['append']>[0]): Promise<void> {
    const written = this.opened.append(records)
    const end = this.opened.logEnd
    await written
    this.parts.take({ kind: 'written', log: end })
  }

  private async store(records: readonly LogRecord[]): Promise<void> {
    const missing = records.filter(({ sequence }) => sequence > this.opened.sequence)
    // They were ordered before more was set aside than was asked for.
    if (missing[0] && missing[0].sequence !== this.opened.sequence + 1) return this.rewound()
    await this.append(missing)
  }

  private async install(log: LogEnd, bytes: Buffer | undefined): Promise<void> {
    const snapshot = bytes && decodeSnapshot(bytes)
    if (snapshot?.logEnd.sequence !== log.sequence) return this.rewound()
    this.goOnWith(await this.parts.install(snapshot))
    this.parts.take({ kind: 'written', log: this.opened.logEnd })
  }

  private async sendRecords(effect: Extract<Effect, { kind: 'sendRecords' }>): Promise<void> {
    let through = effect.after
    try {
      through = await this.sending.send(effect)
    } finally {
      this.parts.take({ kind: 'sent', to: effect.to, through })
    }
  }
}
