/** A part of a node that is created after parts that already serve with it. */
export class Later<Part> {
  private settle: (part: Part) => void = () => undefined
  private readonly part = new Promise<Part>((resolve) => (this.settle = resolve))

  /** Provides the part. */
  set(part: Part): void {
    this.settle(part)
  }

  /** Resolves when the part exists. Rejects with the signal's reason if that aborts first. */
  get(signal: AbortSignal): Promise<Part> {
    return new Promise((resolve, reject) => {
      const giveUp = (): void => reject(signal.reason as Error)
      if (signal.aborted) return giveUp()
      signal.addEventListener('abort', giveUp, { once: true })
      void this.part.then((part) => {
        signal.removeEventListener('abort', giveUp)
        resolve(part)
      })
    })
  }
}
