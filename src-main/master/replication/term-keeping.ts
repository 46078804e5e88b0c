import type { KnownTerm } from '@core/consensus/index'
import type { Directory } from '../../disk/directory'
import { writeKnownTerm } from './known-term'

export interface TermKeepingParts {
  readonly directory: Directory
  /** The term is durable. */
  readonly onKept: (known: KnownTerm) => void
  /** The term could not be written; the actions that waited for it are dropped. */
  readonly onFailure: (error: unknown) => void
}

/**
 * Writes this node's terms to disk, one at a time, in a queue with the actions that depend on them: no message or record
 * of a term leaves before the term is durable. Otherwise a restart could forget the term, and vote in it again.
 */
export class TermKeeping {
  private queue: (KnownTerm | (() => void))[] = []
  private writing: Promise<void> | undefined

  constructor(private readonly parts: TermKeepingParts) {}

  /** Queues a term to be written. */
  keep(known: KnownTerm): void {
    this.queue.push(known)
    this.drain()
  }

  /** Runs `act` after all terms queued so far are durable; at once if there are none. */
  afterTerms(act: () => void): void {
    this.queue.push(act)
    this.drain()
  }

  /** Drops everything that is queued. */
  clear(): void {
    this.queue = []
  }

  /** Resolves when no write is in flight. */
  async settled(): Promise<void> {
    while (this.writing) await this.writing
  }

  private drain(): void {
    while (!this.writing) {
      const next = this.queue.shift()
      if (next === undefined) return
      if (typeof next === 'function') next()
      else this.writing = this.write(next)
    }
  }

  private async write(known: KnownTerm): Promise<void> {
    const { directory, onKept, onFailure } = this.parts
    try {
      await writeKnownTerm(directory, known)
      this.writing = undefined
    } catch (error) {
      this.writing = undefined
      this.clear()
      return onFailure(error)
    }
    onKept(known)
    this.drain()
  }
}
