import type { FactLog } from '@core/consensus/index'
import type { NodeId } from '@core/ids'
import type { Timers } from '@core/time/timers'
import { DiskRefusal } from './log/disk-refusal'
import { MasterError } from './errors'
import { LeadershipLost } from './replication/pending-writes'
import type { Replication } from './replication/replication'
import type { Sequencer } from './sequencer'
import type { Storage } from './log/storage'

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
 * Steps down if the disk refuses or hangs: the node then has no vote, decides nothing and stores no records, but still
 * shows the leader's state and reports to it. Takes part again once the disk accepts records.
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
      onRecovered: (opened) => replication().rejoin(opened),
      timers,
      log,
    })
  }

  /** The disk error for which this node has stepped down; undefined if it has not. */
  get error(): MasterError | undefined {
    return this.disk.error
  }

  /** Handles any error of writing or sending records: steps down if it is a disk error, otherwise logs it. */
  handle(error: unknown): void {
    const { log, resign, replication } = this.parts
    if (error instanceof LeadershipLost) return
    if (!(error instanceof MasterError))
      return log.warn({ fact: 'replication_failed', err: error }, 'replication failed')
    if (this.disk.error || error.code === 'closed') return
    this.disk.start(error)
    // If the disk hangs, the consensus has given up the leadership already and may listen to another leader. The writes
    // may still become durable, and reading the disk now would block this process.
    if (error.code !== 'disk_hangs') {
      resign()
      this.restoreDurable()
    }
    replication().listen()
  }

  /** Stops retrying; resolves when a running attempt has ended. */
  close(): Promise<void> {
    return this.disk.close()
  }

  /** Goes back to the state on disk, before the failure is reported, so that no lost write stays visible. */
  private restoreDurable(): void {
    const { self, storage, sequencer, log } = this.parts
    try {
      sequencer.restore(storage.log, { ...storage.durableState(), masterNodeId: self })
    } catch (cause) {
      log.warn({ fact: 'log_unreadable', err: cause }, 'the log cannot be read either')
    }
  }
}
