import { wait, type Timers } from '@core/time/timers'

const POLL_MS = 50

export interface OwnRemovalParts {
  readonly timers: Timers
  /** Whether this node leads, and its state says that it was removed. */
  readonly isRemovedLeader: () => boolean
  /** Whether the whole log is durable on another member. */
  readonly isOnAnotherDisk: () => boolean
  /** This node may now leave the cluster. */
  readonly onRemoved: () => void
}

/**
 * Removal of the leader itself. It continues to lead until another member has its whole log, with the removal and all
 * acknowledged writes. If no other member is connected it waits for one, because no other node knows of the removal.
 */
export class OwnRemoval {
  private isWaiting = false

  constructor(private readonly parts: OwnRemovalParts) {}

  /** Starts to wait if this node leads and was removed. Call it after changes of the members. */
  check(): void {
    if (!this.isWaiting && this.parts.isRemovedLeader()) void this.waitForAnother()
  }

  private async waitForAnother(): Promise<void> {
    const { timers, isRemovedLeader, isOnAnotherDisk, onRemoved } = this.parts
    this.isWaiting = true
    while (isRemovedLeader() && !isOnAnotherDisk()) await wait(timers, POLL_MS)
    this.isWaiting = false
    if (isRemovedLeader()) onRemoved()
  }
}
