/** A part of a node that begins after others which serve with it. */
export class Later<Part> {
  private settle: (part: Part) => void = () => undefined
  private readonly part = new Promise<Part>((resolve) => (this.settle = resolve))

  /** It has begun. */
  set(part: Part): void {
    this.settle(part)
  }

  /** Resolves when it has begun. Rejects with the signal's reason where that comes first. */
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
