import { maySee, type Owner } from './owner'

interface BeginOptions {
  readonly signal: AbortSignal
  readonly owner: Owner
  /** What a cancellation is answered with; a dialect's own form of the answer. */
  readonly cancelled?: () => object
}

interface Answering {
  readonly owner: Owner
  /** Returns what the cancellation is answered with. */
  readonly cancel: () => object
}

/** Answers in progress on this node, by the id that the client was given, so that they can be cancelled. */
export class Running {
  private readonly cancels = new Map<string, Answering>()

  /** Returns a signal that aborts with `signal` (at the latest when the client disconnects) or when `id` is cancelled. */
  begin(id: string, { signal, owner, cancelled }: BeginOptions): AbortSignal {
    const stop = new AbortController()
    const cancel = (): object => {
      stop.abort()
      return { ...cancelled?.(), id, cancelled: true }
    }
    this.cancels.set(id, { owner, cancel })
    const end = (): void => {
      this.cancels.delete(id)
      stop.abort()
    }
    if (signal.aborted) end()
    else signal.addEventListener('abort', end, { once: true })
    return stop.signal
  }

  /** Undefined if the caller has no answer of that id in progress. */
  cancel(id: string, asker: Owner): object | undefined {
    const running = this.cancels.get(id)
    return running && maySee(running.owner, asker) ? running.cancel() : undefined
  }
}
