/** What was written is not known to be safe: another leader may or may not have it. */
export class LeadershipLost extends Error {
  constructor() {
    super('Another machine has begun to lead')
    this.name = 'LeadershipLost'
  }
}

interface Pending {
  readonly sequence: number
  readonly done: () => void
  readonly failed: (error: Error) => void
}

/** The leader's writes that are not acknowledged yet. */
export class PendingWrites {
  private pending: Pending[] = []

  /** Resolves when everything up to that record is acknowledged; rejects with LeadershipLost. */
  acknowledged(sequence: number): Promise<void> {
    return new Promise((done, failed) => this.pending.push({ sequence, done, failed }))
  }

  acknowledge(sequence: number): void {
    const safe = this.pending.filter((one) => one.sequence <= sequence)
    this.pending = this.pending.filter((one) => one.sequence > sequence)
    for (const { done } of safe) done()
  }

  giveUp(): void {
    for (const { failed } of this.pending.splice(0)) failed(new LeadershipLost())
  }
}
