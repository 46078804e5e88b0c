/** What one key has waiting. */
interface Flow<Item> {
  /** In the order in which they came. */
  readonly entries: Set<Entry<Item>>
  /** What the key may spend at its turn. */
  deficit: number
}

interface Entry<Item> {
  readonly key: string
  readonly item: Item
  readonly cost: number
}

/** Added to a key's deficit at each of its turns: the cost of a small request. */
const QUANTUM = 1
/** Most that a request costs: the most turns its key waits for it. */
export const MAX_COST = 4
/** Tokens that one unit of cost stands for. */
const TOKENS_PER_COST = 1024

/** Units of cost of a request of about that many tokens, prompt and answer: 1 to `MAX_COST`. */
export const costOf = (tokens: number): number => Math.min(MAX_COST, Math.max(1, Math.ceil(tokens / TOKENS_PER_COST)))

/**
 * Requests that wait for one instance, taken fairly between keys: deficit round robin (Shreedhar and Varghese, 1995).
 *
 * 1. Keys take turns. A turn adds one unit to the key's deficit; its oldest request is taken once the deficit covers
 *    the cost, which is then subtracted.
 * 2. Requests of one key are taken in the order in which they came.
 * 3. So a request that is the oldest of its key waits for at most `MAX_COST` requests of every other key, however many
 *    they have waiting.
 * 4. A key with nothing waiting has no turn and keeps no deficit: idling saves nothing up.
 */
export class FairQueue<Item> {
  /** In the order of turns: a key that had its turn is put last. */
  private readonly flows = new Map<string, Flow<Item>>()
  private waiting = 0

  /** Requests of all keys. */
  get size(): number {
    return this.waiting
  }

  /** Requests of one key. */
  sizeOf(key: string): number {
    return this.flows.get(key)?.entries.size ?? 0
  }

  /** Puts a request last of its key. Gives the way to take it out again, which does nothing once it has been taken. */
  add(key: string, item: Item, cost = 1): () => void {
    const entry: Entry<Item> = { key, item, cost: Math.min(MAX_COST, Math.max(1, cost)) }
    const flow = this.flows.get(key) ?? { entries: new Set(), deficit: 0 }
    flow.entries.add(entry)
    this.flows.set(key, flow)
    this.waiting += 1
    return () => this.remove(entry)
  }

  /** Takes the request whose turn it is; undefined where none waits. */
  next(): Item | undefined {
    for (const [key, flow] of this.flows) {
      flow.deficit += QUANTUM
      const [oldest] = flow.entries
      // Put last: a map goes on to what is put there while it is looped over.
      this.flows.delete(key)
      this.flows.set(key, flow)
      if (oldest === undefined || oldest.cost > flow.deficit) continue
      flow.deficit -= oldest.cost
      this.remove(oldest)
      return oldest.item
    }
    return undefined
  }

  /** All that wait, in the order in which `next` would take them if no other came. */
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
      // The loop goes on to what is added while it runs.
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
