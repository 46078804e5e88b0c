/** A FIFO mutex per key. */
export class KeyedMutex {
  private readonly last = new Map<string, Promise<void>>()

  /**
   * Waits for the key's lock. Resolves with its release function, which must be called, or with undefined if the signal
   * aborts first.
   */
  async take(key: string, signal: AbortSignal): Promise<(() => void) | undefined> {
    const before = this.last.get(key) ?? Promise.resolve()
    let finish = (): void => undefined
    const finished = new Promise<void>((resolve) => (finish = resolve))
    const tail = before.then(() => finished)
    this.last.set(key, tail)
    void tail.then(() => {
      if (this.last.get(key) === tail) this.last.delete(key)
    })
    if (await resolvedBefore(before, signal)) return finish
    finish()
    return undefined
  }
}

/** False if the signal aborts before the promise resolves. */
const resolvedBefore = async (turn: Promise<void>, signal: AbortSignal): Promise<boolean> => {
  if (signal.aborted) return false
  let stop = (): void => undefined
  const aborted = new Promise<false>((resolve) => {
    stop = () => resolve(false)
    signal.addEventListener('abort', stop, { once: true })
  })
  try {
    return await Promise.race([turn.then(() => true), aborted])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
