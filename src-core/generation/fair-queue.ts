/** The queue of one API key. */
interface Flow<Item> {
  /** First in, first out. */
  readonly entries: Set<Entry<Item>>
  /** Deficit counter: cost the key may spend on its turn. */
  deficit: number
}

interface Entry<Item> {
  readonly key: string
  readonly item: Item
  readonly cost: number
}

/** Quantum: added to a key's deficit on each of its turns. Equals the cost of a small request. */
const QUANTUM = 1
/** Upper limit of a request's cost, and so of the number of turns its key waits for it. */
export const MAX_COST = 4
/** Tokens per unit of cost. */
const TOKENS_PER_COST = 1024

/** Cost of a request of about `tokens` tokens, prompt and completion: 1 to `MAX_COST`. */
export const costOf = (tokens: number): number => Math.min(MAX_COST, Math.max(1, Math.ceil(tokens / TOKENS_PER_COST)))

/**
 * Requests queued for one instance, shared fairly between keys by deficit round robin (Shreedhar and Varghese, 1995).
 *
 * 1. Keys take turns. A turn adds one quantum to the key's deficit; its oldest request is dequeued once the deficit
 *    covers its cost, which is then subtracted.
 * 2. Requests of one key are dequeued first in, first out.
 * 3. So the oldest request of a key waits for at most `MAX_COST` requests of every other key, however many those have
 *    queued.
 * 4. A key with an empty queue has no turn and keeps no deficit: idling saves nothing up.
 */
export class FairQueue<Item> {
  /** In turn order: a key that had its turn moves to the end. */
  private readonly flows = new Map<string, Flow<Item>>()
  private waiting = 0

  /** Number of queued requests, over all keys. */
  get size(): number {
    return this.waiting
  }

  /** Number of queued requests of one key. */
  sizeOf(key: string): number {
    return this.flows.get(key)?.entries.size ?? 0
  }

  /**
   * Appends a request to its key's queue. Returns a function that removes it again, which does nothing once it was
   * dequeued.
   */
  add(key: string, item: Item, cost = 1): () => void {
    const entry: Entry<Item> = { key, item, cost: Math.min(MAX_COST, Math.max(1, cost)) }
    const flow = this.flows.get(key) ?? { entries: new Set(), deficit: 0 }
    flow.entries.add(entry)
    this.flows.set(key, flow)
    this.waiting += 1
    return () => this.remove(entry)
  }

  /** Dequeues the next request; undefined if none is queued. */
  next(): Item | undefined {
    for (const [key, flow] of this.flows) {
      flow.deficit += QUANTUM
      const [oldest] = flow.entries
      // Moved to the end: iterating a map also visits entries that are added during the iteration.
      this.flows.delete(key)
      this.flows.set(key, flow)
      if (oldest === undefined || oldest.cost > flow.deficit) continue
      flow.deficit -= oldest.cost
      this.remove(oldest)
      return oldest.item
    }
    return undefined
  }

  /** All queued requests, in the order in which `next` would return them if no other arrived. */
  order(): Item[] {
    const turns = [...this.flows.values()].map(({ entries, deficit }) => ({ entries: [...entries], at: 0, deficit }))
    const taken: Item[] = []
    for (const turn of turns) {
      turn.deficit += QUANTUM
      const oldest = turn.entries[turn.at]
      if (oldest !== undefined && oldest.cost <= turn.deficit) {
        turn.deficit -= oldest.cost
        turn.at += 1
        taken.push(oldest.item)
      }
      // Iterating also visits entries added during the loop.
      if (turn.at < turn.entries.length) turns.push(turn)
    }
    return taken
  }

  private remove(entry: Entry<Item>): void {
    const flow = this.flows.get(entry.key)
    if (!flow?.entries.delete(entry)) return
    this.waiting -= 1
    if (flow.entries.size === 0) this.flows.delete(entry.key)
  }
}
