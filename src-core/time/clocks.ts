/*
 * The three times of a node. Each has its use, and the compiler keeps them apart: none can be passed, compared or
 * subtracted for another.
 * 1. `Monotonic`: elapsed time, for deadlines and silences. Nobody can set it; it means nothing on another machine or
 *    after a restart.
 * 2. `Timestamp` (`ids.ts`): the leader's hybrid clock (`LeaderClock`), for the order of decisions and for deadlines
 *    that outlive a leader. It never runs back.
 * 3. `WallTime`: what a system's clock says, for people: weekly hours, and texts. It may jump in either direction.
 *
 * Only a `Timestamp` is a number to the compiler, as it is stored and sent. The others are numbers at run time.
 */

declare const clock: unique symbol

/** Milliseconds from an arbitrary origin. */
export interface Monotonic {
  readonly [clock]: 'monotonic'
}

/** Milliseconds since the Unix epoch, by a clock that people and time servers set. */
export interface WallTime {
  readonly [clock]: 'wall'
}

const opaque = <Time extends Monotonic | WallTime>(milliseconds: number): Time => milliseconds as unknown as Time
const number = (time: Monotonic | WallTime): number => time as unknown as number

/** A reading of a monotonic clock. */
export const monotonic = (milliseconds: number): Monotonic => opaque(milliseconds)

/** A reading of a system's clock. */
export const wallTime = (milliseconds: number): WallTime => opaque(milliseconds)

/** As milliseconds since the Unix epoch, to store, send or show. */
export const epochMs = (wall: WallTime): number => number(wall)

/** Before and after every other moment. */
export const NEVER: Monotonic = monotonic(-Infinity)
export const FOREVER: Monotonic = monotonic(Infinity)

/** Milliseconds from one moment to a later one of the same clock; negative if it is earlier. */
export const elapsed = <Time extends Monotonic | WallTime>(from: Time, to: Time): number => number(to) - number(from)

/** Adds milliseconds to a time. */
export const later = <Time extends Monotonic | WallTime>(from: Time, milliseconds: number): Time =>
  opaque(number(from) + milliseconds)

/** The later of two moments. */
export const latest = <Time extends Monotonic | WallTime>(a: Time, b: Time): Time => (a < b ? b : a)
