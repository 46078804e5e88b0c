import { RequestsResponse, type RequestRecord } from '@core/protocols/activity'
import type { Api } from '../../api/access'

/** Requests kept by the node. */
export class KeptRequests {
  all: readonly RequestRecord[] = $state.raw([])
  known = $state(false)
  problem: unknown = $state.raw()

  constructor(private readonly api: Pick<Api, 'get'>) {}

  async read(): Promise<void> {
    try {
      this.all = (await this.api.get('/requests', RequestsResponse)).requests
      this.problem = undefined
    } catch (error) {
      this.problem = error
    }
    this.known = true
  }
}
