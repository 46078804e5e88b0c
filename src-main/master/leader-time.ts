import type { Timestamp } from '@core/ids'
import { LeaderClock } from '@core/time/leader-clock'
import type { Host } from './host'
import type { Projection } from './projection'

/**
 * Returns a clock for decisions, in milliseconds since 1970. It follows `LeaderClock`, so it does not run back when the
 * system clock is set, nor behind the last event.
 */
export const leaderTime = (
  { wall, timers }: Pick<Host, 'wall' | 'timers'>,
  projection: Pick<Projection, 'lastEventAt'>,
): (() => Timestamp) => {
  const read = () => ({ wall: wall(), monotonic: timers.monotonic() })
  const clock = new LeaderClock(read())
  return () => {
    const reading = read()
    clock.witness(projection.lastEventAt, reading)
    return clock.now(reading)
  }
}
