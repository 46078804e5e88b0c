/** A write was not acknowledged before this node lost the leadership; the next leader may or may not have it. */
export class LeadershipLost extends Error {
  constructor() {
    super('Another machine has begun to lead')
    this.name = 'LeadershipLost'
  }
}

interface Pending {
  readonly sequence: number
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/** The leader's writes that wait for the commit. */
export class PendingWrites {
  private pending: Pending[] = []

  /** Resolves when all records up to `sequence` are committed. Rejects with LeadershipLost. */
  acknowledged(sequence: number): Promise<void> {
    return new Promise((resolve, reject) => this.pending.push({ sequence, resolve, reject }))
  }

  /** All records up to `sequence` are committed. */
  acknowledge(sequence: number): void {
    const committed = this.pending.filter((one) => one.sequence <= sequence)
    this.pending = this.pending.filter((one) => one.sequence > sequence)
    for (const { resolve } of committed) resolve()
  }

  /** This node does not lead any more: rejects all pending writes. */
  rejectAll(): void {
    for (const { reject } of this.pending.splice(0)) reject(new LeadershipLost())
  }
}
