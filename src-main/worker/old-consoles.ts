import type { RunnerId } from '@core/ids'

/** A runner that is gone is asked why: so many consoles are kept. */
const KEPT = 8

/** What the latest runners that are gone had printed. */
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
