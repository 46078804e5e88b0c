import type { FactLog } from '@core/consensus/index'
import type { NodeId } from '@core/ids'
import type { Timers } from '@core/time/timers'
import { DiskRefusal } from './disk-refusal'
import { MasterError } from './errors'
import { LeadershipLost } from './pending-writes'
import type { Replication } from './replication'
import type { Sequencer } from './sequencer'
import type { Storage } from './storage'

export interface SteppingDownParts {
  readonly self: NodeId
  readonly storage: Storage
  readonly sequencer: Sequencer
  readonly replication: () => Replication
  /** Stops leading or following. */
  readonly resign: () => void
  readonly timers: Timers
  readonly log: FactLog
}

/**
 * Where its disk refuses or hangs, this node decides nothing and keeps nothing, and goes on reporting to whoever leads,
 * until the disk takes records again.
 */
export class SteppingDown {
  private readonly disk: DiskRefusal

  constructor(private readonly parts: SteppingDownParts) {
    const { storage, replication, timers, log } = parts
    this.disk = new DiskRefusal({
      reopen: () =>
        replication()
          .settled()
          .then(() => storage.reopen()),
      onRecovered: (opened) => replication().return(opened),
      timers,
      log,
    })
  }

  /** Why this node takes no part. */
  get error(): MasterError | undefined {
    return this.disk.error
  }

  /** Something failed while records were written or sent: steps down if it is the disk. */
  take(error: unknown): void {
    const { log, resign, replication } = this.parts
    if (error instanceof LeadershipLost) return
    if (!(error instanceof MasterError))
      return log.warn({ fact: 'replication_failed', err: error }, 'replication failed')
    if (this.disk.error || error.code === 'closed') return
    this.disk.start(error)
    // Of a disk that hangs the consensus has given way already, and may listen to another leader. The disk may have all
    // of it yet, and would keep this process waiting for what it reads.
    if (error.code !== 'disk_hangs') {
      resign()
      this.showDurable()
    }
    replication().listen()
  }

  /** Resolves when the disk is not tried any more. */
  close(): Promise<void> {
    return this.disk.close()
  }

  /** Before anybody hears of the failure: what did not become durable must not be seen as if it had. */
  private showDurable(): void {
    const { self, storage, sequencer, log } = this.parts
    try {
      sequencer.restore(storage.log, { ...storage.durable(), masterNodeId: self })
    } catch (cause) {
      log.warn({ fact: 'log_unreadable', err: cause }, 'the log cannot be read either')
    }
  }
}
