import { ClusterView, DrainView, InviteAnswer, WhatIfView } from '@core/protocols/cluster'
import { DoctorReport } from '@core/protocols/doctor'
import type { MetaInstanceId, NodeId } from '@core/ids'
import type { Api } from '../api/access'
import type { Feed } from '../feed/feed'

export type Asking = ClusterView['asking'][number]
export type Nearby = ClusterView['nearby'][number]
export type Joining = NonNullable<ClusterView['joining']>
/** What happens to a declaration if that machine goes away. */
export interface WithoutMachine {
  readonly nodeId: NodeId
  readonly outcome: WhatIfView['machines'][number]['declarations'][number]
}
/** How to join another cluster. */
export type JoinBy = { readonly token: string } | { readonly nodeId: NodeId } | { readonly address: string }

/** Members, nearby machines and join requests as this node sees them; not part of the state. */
export class Membership {
  view: ClusterView | undefined = $state.raw()
  /** Join requests that the user postponed; they do not open a dialog any more. */
  private putOff: readonly string[] = $state.raw([])
  readonly asking: readonly Asking[] = $derived(this.view?.asking ?? [])
  /** The first join request that is neither answered nor postponed. */
  readonly urgent: Asking | undefined = $derived(this.asking.find(({ requestId }) => !this.putOff.includes(requestId)))
  /** Progress or result of joining another cluster. */
  readonly joining: Joining | undefined = $derived(this.view?.joining)
  readonly underWay = $derived(this.joining?.state === 'asking' || this.joining?.state === 'waiting')
  /** Number of views received from the stream. */
  private received = 0
  /** Stops listening. */
  readonly close: () => void

  constructor(
    private readonly api: Api,
    feed: Pick<Feed, 'listen'>,
  ) {
    this.close = feed.listen((message) => {
      if (message.kind === 'cluster') this.take(message.data)
    })
  }

  later(requestId: string): void {
    this.putOff = [...this.putOff, requestId]
  }

  /** Reopens a postponed request. */
  recall(requestId: string): void {
    this.putOff = this.putOff.filter((one) => one !== requestId)
  }

  /** Throws ApiError. */
  async decide(requestId: string, allow: boolean): Promise<void> {
    await this.answered(() => this.api.post(`/cluster/requests/${requestId}`, { allow }, ClusterView))
  }

  /** Throws ApiError. Progress is in the view. */
  async join(by: JoinBy): Promise<void> {
    await this.answered(() => this.api.post('/cluster/join', by, ClusterView))
  }

  /** Cancels a join, or clears its result. Throws ApiError. */
  async forgetJoining(): Promise<void> {
    await this.answered(async () => {
      const response = await this.api.fetch('/cluster/join', { method: 'DELETE' })
      return ClusterView.parse(await response.json())
    })
  }

  /** Throws ApiError. */
  invite(): Promise<InviteAnswer> {
    return this.api.post('/cluster/invite', {}, InviteAnswer)
  }

  /** Removes a machine from the cluster; for this machine, leaves the cluster. Throws ApiError. */
  async remove(nodeId: NodeId): Promise<void> {
    await this.api.fetch(`/members/${nodeId}`, { method: 'DELETE' })
  }

  /** What would happen to each declaration without that machine. Throws ApiError. */
  async whatIf(nodeId: NodeId): Promise<WhatIfView['machines'][number]['declarations']> {
    const { machines } = await this.api.get('/cluster/what-if', WhatIfView)
    return machines.find((machine) => machine.nodeId === nodeId)?.declarations ?? []
  }

  /** What would happen to a declaration without each machine that it needs now. Throws ApiError. */
  async withoutEach(metaInstanceId: MetaInstanceId): Promise<readonly WithoutMachine[]> {
    const { machines } = await this.api.get('/cluster/what-if', WhatIfView)
    return machines.flatMap(({ nodeId, declarations }) => {
      const outcome = declarations.find((one) => one.metaInstanceId === metaInstanceId)
      return outcome === undefined ? [] : [{ nodeId, outcome }]
    })
  }

  /** Drains a machine, or ends draining. Throws ApiError. */
  async drain(nodeId: NodeId, drained: boolean): Promise<void> {
    await this.api.post(`/cluster/members/${nodeId}/drain`, { drained }, DrainView)
  }

  /** Throws ApiError. */
  async rename(nodeId: NodeId, friendlyName: string): Promise<void> {
    await this.answered(() => this.api.patch(`/cluster/members/${nodeId}`, { friendlyName }, ClusterView))
  }

  /** Throws ApiError. */
  async renameCluster(name: string): Promise<void> {
    await this.answered(() => this.api.patch('/cluster', { name }, ClusterView))
  }

  /** Measures bandwidth between two machines in both directions; the result arrives in the state. Throws ApiError. */
  async measure(a: NodeId, b: NodeId): Promise<void> {
    await this.api.fetch('/cluster/measure', { method: 'POST', json: { from: a, to: b } })
    await this.api.fetch('/cluster/measure', { method: 'POST', json: { from: b, to: a } })
  }

  /** Connection checks of all machines. Throws ApiError. */
  examine(): Promise<DoctorReport> {
    return this.api.get('/cluster/doctor', DoctorReport)
  }

  /** Shows the view in an answer, unless the stream has delivered a newer one since the request. */
  private async answered(ask: () => Promise<ClusterView>): Promise<void> {
    const { received } = this
    const view = await ask()
    if (received === this.received) this.view = view
  }

  /** An unreadable message is skipped: each message is complete. */
  private take(data: string): void {
    const view = ClusterView.safeParse(JSON.parse(data))
    if (!view.success) return
    this.view = view.data
    this.received += 1
  }
}
