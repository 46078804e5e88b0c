/** A change that is sent once those before it are answered. */
interface Waiting {
  readonly json: unknown
  readonly sent: (answer: Promise<Response>) => void
}

/** A change names the fields that it changes: of several in one request, the last has its way. */
const merged = (changes: readonly Waiting[]): unknown =>
  changes.length === 1 ? changes[0]?.json : Object.assign({}, ...changes.map(({ json }) => json))

/**
 * Sends what changes one resource one after the other: over two connections a later change could arrive first. When the
 * page ends nothing waits, and what waited is one request, for the same reason.
 */
export class ChangesInOrder {
  /** By path, the answer that is awaited. */
  private readonly underWay = new Map<string, Promise<Response>>()
  /** By path, in the order in which they were made. */
  private readonly waiting = new Map<string, Waiting[]>()

  constructor(private readonly send: (path: string, json: unknown) => Promise<Response>) {}

  /** Resolves and rejects as the request does. */
  change(path: string, json: unknown): Promise<Response> {
    if (!this.underWay.has(path)) return this.begin(path, json)
    addEventListener('pagehide', this.flush)
    return new Promise((sent) => this.waiting.set(path, [...(this.waiting.get(path) ?? []), { json, sent }]))
  }

  /** Resolves when what changes a resource is answered, or has failed; undefined: nothing does. */
  settled(path: string): Promise<void> | undefined {
    return this.underWay.has(path) ? this.answered(path) : undefined
  }

  private async answered(path: string): Promise<void> {
    for (let one = this.underWay.get(path); one; one = this.underWay.get(path)) await one.catch(() => undefined)
  }

  private begin(path: string, json: unknown): Promise<Response> {
    const answer = this.send(path, json)
    this.underWay.set(path, answer)
    const ends = (): void => {
      if (this.underWay.get(path) !== answer) return
      this.underWay.delete(path)
      const [next, ...others] = this.waiting.get(path) ?? []
      if (next) this.beginWaiting(path, [next], others)
    }
    void answer.then(ends, ends)
    return answer
  }

  private beginWaiting(path: string, changes: readonly Waiting[], others: Waiting[]): void {
    if (others.length > 0) this.waiting.set(path, others)
    else this.waiting.delete(path)
    if (this.waiting.size === 0) removeEventListener('pagehide', this.flush)
    const answer = this.begin(path, merged(changes))
    // Whoever made one of them reads the body.
    for (const { sent } of changes) sent(answer.then((response) => response.clone()))
  }

  private readonly flush = (): void => {
    for (const [path, changes] of [...this.waiting]) this.beginWaiting(path, changes, [])
  }
}
