import type { Timestamp } from '../ids'
import { epochMs, type WallTime, wallTime } from './clocks'

interface Entry {
  readonly at: Timestamp
  readonly turn: number
  readonly work: () => void
}

const before = (a: Entry, b: Entry): boolean => a.at < b.at || (a.at === b.at && a.turn < b.turn)

/** A virtual clock: runs scheduled work in order of time, and at equal times in the order it was scheduled. */
export class VirtualClock {
  private readonly heap: Entry[] = []
  private turns = 0
  private time: Timestamp = 0
  /** Offset of the simulated system clock from virtual time. */
  private wallAhead = 0

  now(): Timestamp {
    return this.time
  }

  /** Time of the simulated system clock. */
  wall(): WallTime {
    return wallTime(this.time + this.wallAhead)
  }

  setWall(wall: WallTime): void {
    this.wallAhead = epochMs(wall) - this.time
  }

  /** Schedules work; a past time means now. */
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

  /** Runs everything due up to `end`, inclusive. */
  runUntil(end: Timestamp): void {
    for (let due = this.heap[0]; due !== undefined && due.at <= end; due = this.heap[0]) {
      this.removeFirst()
      this.time = due.at
      due.work()
    }
    this.time = Math.max(this.time, end)
  }

  /** Advances the time without running work that is due, as when a scenario file puts a step first. */
  skipTo(time: Timestamp): void {
    this.time = Math.max(this.time, time)
  }

  /** Like `runUntil`, but waits for `settled` after each piece of work. */
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
