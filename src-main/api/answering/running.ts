import { maySee, type Owner } from './owner'

/** Answers in progress on this node, by the id that the client was given, so that they can be cancelled. */
export class Running {
  private readonly cancels = new Map<string, { readonly owner: Owner; readonly cancel: () => void }>()

  /** Returns a signal that aborts with `signal` (at the latest when the client disconnects) or when `id` is cancelled. */
  begin(id: string, { signal, owner }: { readonly signal: AbortSignal; readonly owner: Owner }): AbortSignal {
    const cancelled = new AbortController()
    this.cancels.set(id, { owner, cancel: () => cancelled.abort() })
    const end = (): void => {
      this.cancels.delete(id)
      cancelled.abort()
    }
    if (signal.aborted) end()
    else signal.addEventListener('abort', end, { once: true })
    return cancelled.signal
  }

  /** Returns false if the caller has no answer of that id in progress. */
  cancel(id: string, asker: Owner): boolean {
    const running = this.cancels.get(id)
    if (!running || !maySee(running.owner, asker)) return false
    running.cancel()
    return true
  }
}
