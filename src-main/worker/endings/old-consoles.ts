import type { RunnerId } from '@core/ids'

/** Number of ended runners whose output is kept, to explain their end. */
const KEPT = 8

/** Keeps the output of the runners that ended last. */
export class OldConsoles {
  private readonly texts = new Map<RunnerId, string>()

  keep(runnerId: RunnerId, text: string): void {
    this.texts.set(runnerId, text)
    for (const oldest of this.texts.keys()) {
      if (this.texts.size <= KEPT) break
      this.texts.delete(oldest)
    }
  }

  of(runnerId: RunnerId): string | undefined {
    return this.texts.get(runnerId)
  }
}
