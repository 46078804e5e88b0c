/** How long a runner may be silent or stand still, in milliseconds. */
export interface WatchdogLimits {
  /** Between two heartbeats. */
  readonly heartbeat: number
  /** Without a step while it works on requests. */
  readonly progress: number
  /** Without any progress before it is ready. */
  readonly start: number
}

export const DEFAULT_LIMITS: WatchdogLimits = { heartbeat: 5000, progress: 60_000, start: 120_000 }

/** What was last seen of a runner. */
export interface Signs {
  ready: boolean
  /** Heartbeats begin with its hello: before it, only the start limit counts. */
  greeted: boolean
  heardAt: number
  progressAt: number
  steps: number
  active: number
}

export const freshSigns = (now: number): Signs => ({
  ready: false,
  greeted: false,
  heardAt: now,
  progressAt: now,
  steps: 0,
  active: 0,
})

/** Takes in a heartbeat. Standing still without work is no standing still. */
export const beat = (signs: Signs, { steps, active }: { steps: number; active: number }, now: number): void => {
  signs.heardAt = now
  if (steps !== signs.steps || (signs.ready && active === 0)) signs.progressAt = now
  signs.steps = steps
  signs.active = active
}

/**
 * Leaves out time in which nobody looked: while this process stands still (a stopped job, a machine that
 * sleeps), what its runners say waits in their pipes.
 */
export const excuse = (signs: Signs, milliseconds: number): void => {
  signs.heardAt += milliseconds
  signs.progressAt += milliseconds
}

const seconds = (milliseconds: number): string => `${Math.round(milliseconds / 1000)} s`

/** Why a runner must be killed; undefined while all is well. */
export const verdict = (signs: Signs, limits: WatchdogLimits, now: number): string | undefined => {
  if (signs.greeted && now - signs.heardAt > limits.heartbeat)
    return `it hangs: no heartbeat for ${seconds(limits.heartbeat)}`
  if (!signs.ready && now - signs.progressAt > limits.start)
    return `no progress for ${seconds(limits.start)} before it was ready`
  if (signs.ready && signs.active > 0 && now - signs.progressAt > limits.progress) {
    return `it hangs: no token for ${seconds(limits.progress)}`
  }
  return undefined
}

/** When whoever asks is told that a runner stands still, long before it has to be killed; in milliseconds. */
const NOTICED_AFTER = { heartbeat: 3000, progress: 15_000 } as const

/** What a runner that is ready does not do although it should; undefined while all is well. */
export const standstill = (signs: Signs, now: number): string | undefined => {
  const [silent, idle] = [now - signs.heardAt, now - signs.progressAt]
  if (signs.greeted && silent > NOTICED_AFTER.heartbeat) return `no heartbeat for ${seconds(silent)}`
  return signs.ready && signs.active > 0 && idle > NOTICED_AFTER.progress
    ? `no token for ${seconds(idle)} although it has work`
    : undefined
}
