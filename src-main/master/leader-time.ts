import type { Timestamp } from '@core/ids'
import { LeaderClock } from '@core/time/leader-clock'
import type { Host } from './host'
import type { Projection } from './projection'

/** The time that this node decides by, whatever its system's clock is set to. */
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
