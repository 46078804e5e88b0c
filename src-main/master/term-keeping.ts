import type { KnownTerm } from '@core/consensus/index'
import type { Directory } from '../disk/directory'
import { keepKnownTerm } from './known-term'

export interface TermKeepingParts {
  readonly directory: Directory
  readonly onKept: (known: KnownTerm) => void
  /** The disk refused: what was to be done after it is not done. */
  readonly onFailure: (error: unknown) => void
}

/**
 * Keeps the node's terms on its disk, one after the other. What is ordered after a term waits until it is there, so that
 * nobody hears of a term that this node might forget.
 */
export class TermKeeping {
  private waiting: (KnownTerm | (() => void))[] = []
  private writing: Promise<void> | undefined

  constructor(private readonly parts: TermKeepingParts) {}

  keep(known: KnownTerm): void {
    this.waiting.push(known)
    this.goOn()
  }

  /** Does it at once where no term is being written. */
  afterwards(act: () => void): void {
    this.waiting.push(act)
    this.goOn()
  }

  /** Nothing that waits is done. */
  forget(): void {
    this.waiting = []
  }

  /** Resolves when no term is being written. */
  async settled(): Promise<void> {
    while (this.writing) await this.writing
  }

  private goOn(): void {
    while (!this.writing) {
      const next = this.waiting.shift()
      if (next === undefined) return
      if (typeof next === 'function') next()
      else this.writing = this.write(next)
    }
  }

  private async write(known: KnownTerm): Promise<void> {
    const { directory, onKept, onFailure } = this.parts
    try {
      await keepKnownTerm(directory, known)
      this.writing = undefined
    } catch (error) {
      this.writing = undefined
      this.forget()
      return onFailure(error)
    }
    onKept(known)
    this.goOn()
  }
}
