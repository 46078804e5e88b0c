/** Takes back what was asked for, if it has not happened. */
export type Cancel = () => void

/** A machine's clock and what it does later: the product's is the system's, the simulator's virtual. In milliseconds. */
export interface Timers {
  /** Since some moment: never runs back. */
  monotonic(): number
  after(milliseconds: number, act: () => void): Cancel
  every(milliseconds: number, act: () => void): Cancel
  /** When what runs now is done. */
  soon(act: () => void): Cancel
}

/** Resolves after that long. */
export const wait = (timers: Pick<Timers, 'after'>, milliseconds: number): Promise<void> =>
  new Promise((resolve) => void timers.after(milliseconds, resolve))
