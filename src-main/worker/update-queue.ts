import type { GenerationUpdate } from '@core/generation/stream'

/** Unread updates after which the request is cancelled: far more than a slow network needs. */
const MAX_UNREAD = 20_000

/** The updates of one request, pushed by the runner and iterated by the client. */
export class UpdateQueue implements AsyncIterable<GenerationUpdate> {
  private updates: GenerationUpdate[] = []
  private over = false
  private wake: (() => void) | undefined

  /** `cancel` stops the source; called when the consumer has gone. */
  constructor(private readonly cancel: () => void) {}

  push(update: GenerationUpdate): void {
    if (this.over) return
    this.updates.push(update)
    if (update.type === 'finished' || update.type === 'failed') this.over = true
    else if (this.updates.length > MAX_UNREAD) {
      this.over = true
      this.updates.push({
        type: 'failed',
        code: 'invalid_request',
        message: 'The client does not read the answer',
      })
      this.cancel()
    }
    this.wake?.()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<GenerationUpdate> {
    try {
      for (;;) {
        const ready = this.updates
        this.updates = []
        yield* ready
        if (this.updates.length > 0) continue
        if (this.over) return
        await new Promise<void>((resolve) => {
          this.wake = resolve
        })
        this.wake = undefined
      }
    } finally {
      // The consumer may stop iterating early.
      if (!this.over) {
        this.over = true
        this.cancel()
      }
    }
  }
}
