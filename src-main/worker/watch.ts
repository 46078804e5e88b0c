import { discountPause, type Signs, verdict, type WatchdogLimits } from './watchdog'

const WATCH_INTERVAL_MS = 1000

/**
 * Checks a runner's signs of life every second, and calls `onVerdict` with the reason if it must be killed. A check that
 * comes late shows that this process was paused. Returns the function that ends the checks.
 */
export const watch = (signs: Signs, limits: WatchdogLimits, onVerdict: (reason: string) => void): (() => void) => {
  let checkedAt = performance.now()
  const check = (): void => {
    const now = performance.now()
    const late = now - checkedAt - WATCH_INTERVAL_MS
    checkedAt = now
    if (late > WATCH_INTERVAL_MS) discountPause(signs, late)
    const reason = verdict(signs, limits, now)
    if (reason !== undefined) onVerdict(reason)
  }
  const timer = setInterval(check, WATCH_INTERVAL_MS)
  return () => clearInterval(timer)
}
