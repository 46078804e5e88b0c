import type { MachineFacts } from './facts'
import type { Machine } from './machine'
import { inSteps, isSignificant } from './significance'

export interface WatchOptions {
  readonly machine: Machine
  /** Milliseconds between two looks. */
  readonly every: number
  /** Called with the first facts and then whenever something changed that matters. */
  onChange(facts: MachineFacts): void
}

export interface SystemWatch {
  /** Resolves after the first look, when `onChange` has been called with it. */
  readonly ready: Promise<void>
  /** What was reported last; undefined before the first look. */
  current(): MachineFacts | undefined
  /** Looks now, for instance when a runner has come or gone. Resolves when `onChange` has been called if it is to be. */
  refresh(): Promise<void>
  close(): Promise<void>
}

/** Looks at the machine again and again; one look at a time. */
export const watchSystem = ({ machine, every, onChange }: WatchOptions): SystemWatch => {
  let reported: MachineFacts | undefined
  let looking: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  let closed = false

  const look = async (): Promise<void> => {
    const facts = await machine.gather()
    if (closed || (reported && !isSignificant(reported, facts))) return
    reported = facts
    onChange(inSteps(facts))
  }
  const refresh = async (): Promise<void> => {
    // A look that began before the call may have missed what the caller knows of.
    await looking
    if (closed) return
    looking ??= look().finally(() => {
      looking = undefined
    })
    await looking
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
      await looking
    },
  }
}
