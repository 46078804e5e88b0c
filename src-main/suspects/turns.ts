/** Lets one at a time go for each key, in the order in which they came. */
export class Turns {
  private readonly last = new Map<string, Promise<void>>()

  /** Resolves with the way to end the turn, which must be called; with undefined where the signal comes first. */
  async take(key: string, signal: AbortSignal): Promise<(() => void) | undefined> {
    const before = this.last.get(key) ?? Promise.resolve()
    let finish = (): void => undefined
    const finished = new Promise<void>((resolve) => (finish = resolve))
    const mine = before.then(() => finished)
    this.last.set(key, mine)
    void mine.then(() => {
      if (this.last.get(key) === mine) this.last.delete(key)
    })
    if (await reached(before, signal)) return finish
    finish()
    return undefined
  }
}

/** False where the signal comes first. */
const reached = async (turn: Promise<void>, signal: AbortSignal): Promise<boolean> => {
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
