import type { Event } from '@core/events/event'
import type { GenerationRequest } from '@core/generation/request'
import type { InstanceId, NodeId, RunnerId } from '@core/ids'
import { nodeName } from '@core/state/bindings'
import type { Instance } from '@core/state/instances'
import type { RunnerStatus } from '@core/state/runners'
import type { State } from '@core/state/state'

interface Orphaned {
  readonly instanceId: InstanceId
  readonly others: ReadonlyMap<RunnerId, NodeId>
  readonly requests: readonly GenerationRequest[]
}

export interface OrphanedRequestsOptions {
  readonly state: () => State
  /** Reports requests during which a runner died of its own computation; `cause` names its machine. */
  readonly suspect: (requests: readonly GenerationRequest[], cause: string) => void
}

/**
 * Requests whose instance failed for an unknown reason. Only rank 0 knows the requests, but any rank may die of them:
 * rank 0 then fails because it lost the other, possibly before that one's machine reports why. The requests are kept
 * until the cause is known or the attempt is over.
 */
export class OrphanedRequests {
  private orphaned: Orphaned[] = []

  constructor(private readonly options: OrphanedRequestsOptions) {}

  /** Adds requests that rank 0 was serving when it failed, not because of its own computation. */
  add({ instanceId, shards }: Instance, requests: readonly GenerationRequest[]): void {
    const others = new Map(shards.filter(({ rank }) => rank !== 0).map(({ runnerId, nodeId }) => [runnerId, nodeId]))
    if (requests.length === 0 || others.size === 0) return
    this.orphaned.push({ instanceId, others, requests })
    this.checkAll()
  }

  /** The state was replaced: checks all runners again. */
  checkAll(): void {
    const { runners } = this.options.state()
    for (const [runnerId, runner] of Object.entries(runners)) this.failed(runnerId as RunnerId, runner)
  }

  take(event: Event): void {
    switch (event.type) {
      case 'RunnerStatusUpdated':
        return this.failed(event.runnerId, event)
      case 'InstanceRetrying':
      case 'InstanceDeleted':
        this.orphaned = this.orphaned.filter(({ instanceId }) => instanceId !== event.instanceId)
        return
      default:
        return
    }
  }

  private failed(runnerId: RunnerId, runner: RunnerStatus): void {
    if (runner.status !== 'Failed' || runner.ofWork !== true) return
    const found = this.orphaned.find(({ others }) => others.has(runnerId))
    const nodeId = found?.others.get(runnerId)
    if (!found || nodeId === undefined) return
    this.orphaned = this.orphaned.filter((one) => one !== found)
    this.options.suspect(found.requests, `${nodeName(this.options.state(), nodeId)}: ${runner.errorMessage}`)
  }
}
