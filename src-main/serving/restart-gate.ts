import { setMaxListeners } from 'node:events'
import { elapsed, monotonic, type Monotonic } from '@core/time/clocks'

/**
 * How long a request is held back during a drain. Well below the time after which a waiting stream sends its headers:
 * from then on it can only fail with an error event, which no client answers with a retry.
 */
export const HELD_MS = 2000

/** Counts operations that have begun and not ended, and lets a caller wait until there are none. */
class OpenCount {
  private count = 0
  private onNone: (() => void) | undefined

  /** Counts one operation; returns the function that ends it. */
  begin(): () => void {
    this.count += 1
    return () => {
      this.count -= 1
      if (this.count === 0) this.onNone?.()
    }
  }

  /** Resolves when the count is 0, or after `limitMs`. */
  async none(limitMs: number): Promise<void> {
    if (this.count === 0) return
    let timer: NodeJS.Timeout | undefined
    await new Promise<void>((resolve) => {
      this.onNone = resolve
      timer = setTimeout(resolve, limitMs)
    }).finally(() => clearTimeout(timer))
  }
}

/**
 * What a planned restart of this node means for requests of its clients: `drain` lets no attempt begin and waits for
 * those forwarded to other machines (`InstanceQueues` waits for those computed here); then `refuse` refuses the waiting
 * ones.
 */
export class RestartGate {
  private readonly requests = new OpenCount()
  private readonly forwarded = new OpenCount()
  private readonly refusal = new AbortController()
  private draining = false

  constructor() {
    // Every waiting request listens to it; from the eleventh on Node would warn of a leak.
    setMaxListeners(0, this.refusal.signal)
  }

  /** Aborts when waiting requests are to be refused. */
  get refused(): AbortSignal {
    return this.refusal.signal
  }

  /** Counts a client's request; returns the function that ends it. */
  request(): () => void {
    return this.requests.begin()
  }

  /** Counts an attempt forwarded to another machine; returns the function that ends it. */
  forward(): () => void {
    return this.forwarded.begin()
  }

  /**
   * Whether an attempt of a request that arrived at `since` may begin. During a drain, resolves with `false` only
   * after a delay: a client that is refused at once and retries quickly would use up its retries.
   */
  async mayBegin(caller: AbortSignal, since: Monotonic): Promise<boolean> {
    if (!this.draining) return true
    const heldMs = HELD_MS - elapsed(since, monotonic(performance.now()))
    if (heldMs > 0 && !caller.aborted && !this.refused.aborted)
      await new Promise<void>((resolve) => {
        const settle = (): void => {
          clearTimeout(timer)
          for (const one of [caller, this.refused]) one.removeEventListener('abort', settle)
          resolve()
        }
        const timer = setTimeout(settle, heldMs)
        for (const one of [caller, this.refused]) one.addEventListener('abort', settle)
      })
    return false
  }

  /** Resolves when all forwarded attempts have ended, or after `limitMs`. */
  async drain(limitMs: number): Promise<void> {
    this.draining = true
    await this.forwarded.none(limitMs)
  }

  /** Resolves when all requests have ended, or after `limitMs`. */
  async refuse(limitMs: number): Promise<void> {
    this.draining = true
    this.refusal.abort()
    await this.requests.none(limitMs)
  }
}
