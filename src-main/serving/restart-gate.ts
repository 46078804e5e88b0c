/**
 * How long a request is held back during a drain. Well below the time after which a waiting stream sends its headers:
 * from then on it can only fail with an error event, which no client answers by trying again.
 */
export const HELD_MS = 2000

/** Counts what is under way, and tells when nothing is. */
class UnderWay {
  private count = 0
  private onNone: (() => void) | undefined

  /** Returns the end of this one. */
  begin(): () => void {
    this.count += 1
    return () => {
      this.count -= 1
      if (this.count === 0) this.onNone?.()
    }
  }

  /** Resolves when nothing is under way, or after `limitMs`. */
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
 * A planned restart of this node, as the requests of its clients meet it: `drain` lets none begin and waits for those
 * that other machines answer (`InstanceQueues` waits for the ones answered here), then `refuse` ends those that wait.
 */
export class RestartGate {
  private readonly requests = new UnderWay()
  private readonly passedOn = new UnderWay()
  private readonly refusal = new AbortController()
  private draining = false

  /** Aborts when waiting requests are to be refused. */
  get refused(): AbortSignal {
    return this.refusal.signal
  }

  /** A client's request; returns its end. */
  request(): () => void {
    return this.requests.begin()
  }

  /** An attempt on another machine; returns its end. */
  passOn(): () => void {
    return this.passedOn.begin()
  }

  /**
   * Whether an attempt of a request that came at `since` (ms) may begin. During a drain it is held back for a moment, for
   * a client that is refused at once and tries again soon would use up its retries, and then gets `false`.
   */
  async mayBegin(caller: AbortSignal, since: number): Promise<boolean> {
    if (!this.draining) return true
    const heldMs = since + HELD_MS - Date.now()
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

  /** Resolves when other machines answer nothing more for this one, or after `limitMs`. */
  async drain(limitMs: number): Promise<void> {
    this.draining = true
    await this.passedOn.none(limitMs)
  }

  /** Resolves when all requests have ended, or after `limitMs`. */
  async refuse(limitMs: number): Promise<void> {
    this.draining = true
    this.refusal.abort()
    await this.requests.none(limitMs)
  }
}
