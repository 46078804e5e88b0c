import { wait, type Timers } from '@core/time/timers'

const LOOK_MS = 50

export interface OwnRemovalParts {
  readonly timers: Timers
  /** Whether this node leads, and its state says that it was removed. */
  readonly isRemovedLeader: () => boolean
  /** Whether another member has all of its log on its disk. */
  readonly isOnAnotherDisk: () => boolean
  readonly onRemoved: () => void
}

/**
 * A leader that is removed leads on until another member has its whole log, with that removal and everything that was
 * acknowledged. Where no other member is there it waits for one: nobody else knows of the removal yet.
 */
export class OwnRemoval {
  private isWaiting = false

  constructor(private readonly parts: OwnRemovalParts) {}

  look(): void {
    if (!this.isWaiting && this.parts.isRemovedLeader()) void this.waitForAnother()
  }

  private async waitForAnother(): Promise<void> {
    const { timers, isRemovedLeader, isOnAnotherDisk, onRemoved } = this.parts
    this.isWaiting = true
    while (isRemovedLeader() && !isOnAnotherDisk()) await wait(timers, LOOK_MS)
    this.isWaiting = false
    if (isRemovedLeader()) onRemoved()
  }
}
