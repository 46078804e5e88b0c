import type { Timestamp } from '../ids'

interface Entry {
  readonly at: Timestamp
  readonly turn: number
  readonly work: () => void
}

const before = (a: Entry, b: Entry): boolean => a.at < b.at || (a.at === b.at && a.turn < b.turn)

/** Virtual time: what is due happens in order of time, and at equal times in the order it was asked for. */
export class VirtualClock {
  private readonly heap: Entry[] = []
  private turns = 0
  private time: Timestamp = 0
  /** What the system's clock is ahead of virtual time. */
  private wallAhead = 0

  now(): Timestamp {
    return this.time
  }

  /** What the system's clock says. */
  wall(): Timestamp {
    return this.time + this.wallAhead
  }

  setWall(wall: Timestamp): void {
    this.wallAhead = wall - this.time
  }

  /** Asks for something at a time; what is past happens now. */
  at(time: Timestamp, work: () => void): void {
    const entry: Entry = { at: Math.max(time, this.time), turn: this.turns++, work }
    const { heap } = this
    let hole = heap.length
    heap.push(entry)
    while (hole > 0) {
      const parent = (hole - 1) >> 1
      const above = heap[parent]
      if (above === undefined || !before(entry, above)) break
      heap[hole] = above
      hole = parent
    }
    heap[hole] = entry
  }

  after(delay: Timestamp, work: () => void): void {
    this.at(this.time + delay, work)
  }

  /** When something is next due. */
  nextAt(): Timestamp | undefined {
    return this.heap[0]?.at
  }

  /** Lets everything happen that is due until then, inclusive. */
  runUntil(end: Timestamp): void {
    for (let due = this.heap[0]; due !== undefined && due.at <= end; due = this.heap[0]) {
      this.removeFirst()
      this.time = due.at
      due.work()
    }
    this.time = Math.max(this.time, end)
  }

  /** Goes on to a time at which a step is to come first, as in a scenario that is read from a file. */
  skipTo(time: Timestamp): void {
    this.time = Math.max(this.time, time)
  }

  /** The same; what each of them began is done before the next, which `settled` waits for. */
  async runSettledUntil(end: Timestamp, settled: () => Promise<void>): Promise<void> {
    for (let due = this.heap[0]; due !== undefined && due.at <= end; due = this.heap[0]) {
      this.removeFirst()
      this.time = due.at
      due.work()
      await settled()
    }
    this.time = Math.max(this.time, end)
  }

  private removeFirst(): void {
    const { heap } = this
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let hole = 0
    for (;;) {
      const left = heap[2 * hole + 1]
      const right = heap[2 * hole + 2]
      const child = right !== undefined && left !== undefined && before(right, left) ? 2 * hole + 2 : 2 * hole + 1
      const candidate = heap[child]
      if (candidate === undefined || !before(candidate, last)) break
      heap[hole] = candidate
      hole = child
    }
    heap[hole] = last
  }
}
