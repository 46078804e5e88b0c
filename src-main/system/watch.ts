import type { MachineFacts } from './facts'
import type { Machine } from './machine'
import { inSteps, isSignificant } from './significance'

export interface WatchOptions {
  readonly machine: Machine
  /** Milliseconds between two readings. */
  readonly every: number
  /** Called with the first facts, and again after each significant change. */
  onChange(facts: MachineFacts): void
}

export interface SystemWatch {
  /** Resolves after the first reading, once `onChange` was called. */
  readonly ready: Promise<void>
  /** The facts last reported; undefined before the first reading. */
  current(): MachineFacts | undefined
  /** Reads now, e.g. when a runner has come or gone. Resolves once `onChange` was called, if it is to be. */
  refresh(): Promise<void>
  close(): Promise<void>
}

/** Reads the machine's facts periodically, one reading at a time. */
export const watchSystem = ({ machine, every, onChange }: WatchOptions): SystemWatch => {
  let reported: MachineFacts | undefined
  let reading: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  let closed = false

  const read = async (): Promise<void> => {
    const facts = await machine.gather()
    if (closed || (reported && !isSignificant(reported, facts))) return
    reported = facts
    onChange(inSteps(facts))
  }
  const refresh = async (): Promise<void> => {
    // A reading that began before this call may have missed the caller's change.
    await reading
    if (closed) return
    reading ??= read().finally(() => {
      reading = undefined
    })
    await reading
  }
  const schedule = (): void => {
    if (closed) return
    timer = setTimeout(() => void refresh().finally(schedule), every)
    timer.unref()
  }
  machine.onNews(() => void refresh())
  const ready = refresh().finally(schedule)

  return {
    ready,
    current: () => reported && inSteps(reported),
    refresh,
    close: async () => {
      closed = true
      clearTimeout(timer)
      await reading
    },
  }
}
