/** Limits of a runner's silence and lack of progress, in milliseconds. */
export interface WatchdogLimits {
  /** Maximum time between two heartbeats. */
  readonly heartbeat: number
  /** Maximum time without a step while it has requests. */
  readonly progress: number
  /** Maximum time without progress before it is ready. */
  readonly start: number
}

export const DEFAULT_LIMITS: WatchdogLimits = { heartbeat: 5000, progress: 60_000, start: 120_000 }

/** When the runner last showed signs of life. */
export interface Signs {
  ready: boolean
  /** Heartbeats begin with the runner's hello: before it, only the start limit applies. */
  greeted: boolean
  /**
   * It was told what to load. Between its hello and that it waits for the other ranks, one of which may be downloading
   * the model for hours: their machines watch over them, and this one has nothing to get on with.
   */
  told: boolean
  heardAt: number
  progressAt: number
  steps: number
  active: number
}

export const freshSigns = (now: number): Signs => ({
  ready: false,
  greeted: false,
  told: false,
  heardAt: now,
  progressAt: now,
  steps: 0,
  active: 0,
})

/** Records a heartbeat. A runner without work counts as making progress. */
export const recordHeartbeat = (
  signs: Signs,
  { steps, active }: { steps: number; active: number },
  now: number,
): void => {
  signs.heardAt = now
  if (steps !== signs.steps || (signs.ready && active === 0)) signs.progressAt = now
  signs.steps = steps
  signs.active = active
}

/**
 * Discounts time in which this process was paused (a stopped job, a sleeping machine): what its runners sent meanwhile
 * is still in their pipes.
 */
export const discountPause = (signs: Signs, milliseconds: number): void => {
  signs.heardAt += milliseconds
  signs.progressAt += milliseconds
}

const seconds = (milliseconds: number): string => `${Math.round(milliseconds / 1000)} s`

/** Why a runner must be killed; undefined if it is healthy. */
export const verdict = (signs: Signs, limits: WatchdogLimits, now: number): string | undefined => {
  if (signs.greeted && now - signs.heardAt > limits.heartbeat)
    return `it hangs: no heartbeat for ${seconds(limits.heartbeat)}`
  const waits = signs.greeted && !signs.told
  if (!signs.ready && !waits && now - signs.progressAt > limits.start)
    return `no progress for ${seconds(limits.start)} before it was ready`
  if (signs.ready && signs.active > 0 && now - signs.progressAt > limits.progress) {
    return `it hangs: no token for ${seconds(limits.progress)}`
  }
  return undefined
}

/** Time until lack of progress is reported to callers, well before the runner is killed; in milliseconds. */
const NOTICED_AFTER = { heartbeat: 3000, progress: 15_000 } as const

/** Describes why a ready runner makes no progress; undefined if it works or is idle. */
export const stall = (signs: Signs, now: number): string | undefined => {
  const [silent, idle] = [now - signs.heardAt, now - signs.progressAt]
  if (signs.greeted && silent > NOTICED_AFTER.heartbeat) return `no heartbeat for ${seconds(silent)}`
  return signs.ready && signs.active > 0 && idle > NOTICED_AFTER.progress
    ? `no token for ${seconds(idle)} although it has work`
    : undefined
}
