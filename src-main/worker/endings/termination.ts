/** Timeout for a graceful shutdown. */
export const SHUTDOWN_GRACE_MS = 3000
/** Timeout for a graceful shutdown with RDMA: resources that are not released are lost until the machine reboots. */
const RDMA_GRACE_MS = 10_000
/** Timeout for a killed process: one that hangs in a driver may never exit. */
const KILL_GRACE_MS = 2000

export interface TerminationOptions {
  /** Asks the runner to shut down. */
  readonly shutDown: () => void
  readonly kill: () => void
  /** The killed process does not exit in time: it counts as gone. */
  readonly onHanging: () => void
}

/** Ends a runner's process: first by asking it, then by killing it, and at last by no longer waiting for it. */
export class Termination {
  private grace: NodeJS.Timeout | undefined
  private hanging: NodeJS.Timeout | undefined

  constructor(private readonly options: TerminationOptions) {}

  get isKilled(): boolean {
    return this.hanging !== undefined
  }

  /** Asks the runner to shut down, and kills it if it takes too long. */
  shutDown({ rdma }: { readonly rdma: { readonly graceMs?: number } | undefined }): void {
    if (this.grace) return
    this.options.shutDown()
    this.grace = setTimeout(() => this.kill(), rdma ? (rdma.graceMs ?? RDMA_GRACE_MS) : SHUTDOWN_GRACE_MS)
  }

  kill(): void {
    this.options.kill()
    this.hanging ??= setTimeout(this.options.onHanging, KILL_GRACE_MS)
  }

  /** The process is gone. */
  completed(): void {
    clearTimeout(this.grace)
    clearTimeout(this.hanging)
  }
}
