/** Answers that are being made on this node, by the id that their client was given, so that they can be cancelled. */
export class Running {
  private readonly cancels = new Map<string, () => void>()

  /** Aborts with `signal`, at the latest when the client's connection closes, and when `id` is cancelled. */
  begin(id: string, signal: AbortSignal): AbortSignal {
    const cancelled = new AbortController()
    this.cancels.set(id, () => cancelled.abort())
    const end = (): void => {
      this.cancels.delete(id)
      cancelled.abort()
    }
    if (signal.aborted) end()
    else signal.addEventListener('abort', end, { once: true })
    return cancelled.signal
  }

  /** False where no such answer is being made, or not any more. */
  cancel(id: string): boolean {
    const cancel = this.cancels.get(id)
    cancel?.()
    return cancel !== undefined
  }
}
