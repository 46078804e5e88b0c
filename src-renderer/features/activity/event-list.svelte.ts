import type { Envelope } from '@core/events/event'
import { RecentEvents } from '@core/protocols/event-stream'
import type { Api } from '../../api/access'

const MOST = 2000

/** The latest events that the node keeps. */
export class EventList {
  all: readonly Envelope[] = $state.raw([])
  known = $state(false)
  problem: unknown = $state.raw()

  constructor(private readonly api: Pick<Api, 'get'>) {}

  async read(): Promise<void> {
    try {
      this.all = (await this.api.get(`/events/recent?last=${MOST}`, RecentEvents)).events
      this.problem = undefined
    } catch (error) {
      this.problem = error
    }
    this.known = true
  }
}
