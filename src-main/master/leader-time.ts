import type { Timestamp } from '@core/ids'
import { LeaderClock } from '@core/time/leader-clock'
import type { Projection } from './projection'

/** The time that this node decides by, whatever its system's clock is set to. */
export const leaderTime = (wall: () => Timestamp, projection: Pick<Projection, 'lastEventAt'>): (() => Timestamp) => {
  const read = () => ({ wall: wall(), monotonic: performance.now() })
  const clock = new LeaderClock(read())
  return () => {
    clock.witness(projection.lastEventAt)
    return clock.now(read())
  }
}
