import { isAfter } from '@core/events/envelope-order'
import { isDecision, type Envelope } from '@core/events/event'
import { RecentEvents } from '@core/protocols/event-stream'
import type { Api } from '../../api/access'
import type { Cluster } from '../../state/cluster.svelte'

/** Events shown, and decisions from before them. */
const MOST = 2000
/** Minimum interval between updates of a list that is being read. */
const INTERVAL_MS = 1000

/** Events, and the later ones that follow the last of them. */
const continued = (events: readonly Envelope[], later: readonly Envelope[]): readonly Envelope[] => {
  const last = events.at(-1)
  return last === undefined ? later : [...events, ...later.filter((envelope) => isAfter(envelope, last))]
}

/** Without old reports: those of busy machines are many, and decisions are what a user looks for. */
const bounded = (events: readonly Envelope[]): readonly Envelope[] => {
  if (events.length <= 2 * MOST) return events
  const earlier = events.slice(0, -MOST).filter(({ event }) => isDecision(event))
  return [...earlier.slice(-MOST), ...events.slice(-MOST)]
}

/** The latest events, oldest first: what the node remembers, and then what this window hears. */
export class EventList {
  all: readonly Envelope[] = $state.raw([])
  known = $state(false)
  problem: unknown = $state.raw()
  /** Heard, but not shown yet. */
  private heard: Envelope[] = []
  private timer: ReturnType<typeof setTimeout> | undefined
  private readonly leave: () => void

  constructor(
    private readonly api: Pick<Api, 'get'>,
    cluster: Pick<Cluster, 'subscribe'>,
  ) {
    this.leave = cluster.subscribe({
      event: (envelope) => {
        this.heard.push(envelope)
        this.timer ??= setTimeout(() => this.show(this.all), INTERVAL_MS)
      },
      snapshot: () => void this.read(),
    })
    void this.read()
  }

  close(): void {
    this.leave()
    clearTimeout(this.timer)
  }

  private async read(): Promise<void> {
    try {
      const { events } = await this.api.get(`/events/recent?last=${MOST}&decisions=${MOST}`, RecentEvents)
      this.show(continued(events, this.all))
      this.problem = undefined
    } catch (error) {
      this.problem = error
    }
    this.known = true
  }

  private show(events: readonly Envelope[]): void {
    clearTimeout(this.timer)
    this.timer = undefined
    this.all = bounded(continued(events, this.heard))
    this.heard = []
  }
}
