import { insist } from '@core/simulation/chaos/invariants'

/** Of what people make and take away, by id: what they were told was made is there at rest, what was taken away is not. */
export class AcknowledgedLives {
  private readonly made = new Set<string>()
  private readonly removalAsked = new Set<string>()
  private readonly removed = new Set<string>()

  constructor(private readonly kind: string) {}

  make(id: string): void {
    this.made.add(id)
  }

  /** Somebody asks for its removal: from now on it may be gone. */
  askRemoval(id: string): void {
    this.removalAsked.add(id)
  }

  remove(id: string): void {
    this.removed.add(id)
  }

  /** `mayEnd`: those that may end by themselves. */
  rest(present: Readonly<Record<string, unknown>>, mayEnd: ReadonlySet<string> = new Set()): void {
    for (const id of this.made)
      insist(id in present || this.removalAsked.has(id) || mayEnd.has(id), () => `the ${this.kind} ${id} is lost`)
    for (const id of this.removed) insist(!(id in present), () => `the ${this.kind} ${id} was removed and is back`)
  }
}
