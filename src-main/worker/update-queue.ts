import type { GenerationUpdate } from '@core/generation/stream'

/** Updates a slow consumer may leave unread. Far more than a network needs; past it, nobody is reading. */
const MAX_UNREAD = 20_000

/** What one request gets, from the runner's side pushed and from the client's side iterated. */
export class UpdateQueue implements AsyncIterable<GenerationUpdate> {
  private updates: GenerationUpdate[] = []
  private over = false
  private wake: (() => void) | undefined

  constructor(private readonly overflow: () => void) {}

  push(update: GenerationUpdate): void {
    if (this.over) return
    this.updates.push(update)
    if (update.type === 'finished' || update.type === 'failed') this.over = true
    else if (this.updates.length > MAX_UNREAD) {
      this.over = true
      this.updates.push({
        type: 'failed',
        code: 'invalid_request',
        message: 'The client does not read what it asked for',
      })
      this.overflow()
    }
    this.wake?.()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<GenerationUpdate> {
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
  }
}
