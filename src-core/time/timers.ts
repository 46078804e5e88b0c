import type { Monotonic } from './clocks'

/** Cancels the call if it has not run yet. */
export type Cancel = () => void

/** Clock and timers of a machine, in milliseconds: the system's in production, virtual in the simulator. */
export interface Timers {
  monotonic(): Monotonic
  after(milliseconds: number, act: () => void): Cancel
  every(milliseconds: number, act: () => void): Cancel
  /** Runs `act` after the current task. */
  soon(act: () => void): Cancel
}

/** Resolves after the delay. */
export const wait = (timers: Pick<Timers, 'after'>, milliseconds: number): Promise<void> =>
  new Promise((resolve) => void timers.after(milliseconds, resolve))
