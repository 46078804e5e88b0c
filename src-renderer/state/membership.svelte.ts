import { ClusterView, DrainView, InviteAnswer, WhatIfView } from '@core/protocols/cluster'
import { DoctorReport } from '@core/protocols/doctor'
import type { NodeId } from '@core/ids'
import type { Api } from '../api/access'
import type { Feed } from '../feed/feed'

export type Asking = ClusterView['asking'][number]
export type Nearby = ClusterView['nearby'][number]
export type Joining = NonNullable<ClusterView['joining']>
/** By what another cluster is joined. */
export type JoinBy = { readonly token: string } | { readonly nodeId: NodeId } | { readonly address: string }

/** Who belongs together, who is near, and who asks to be let in: what the state does not hold, as this node sees it. */
export class Membership {
  view: ClusterView | undefined = $state.raw()
  /** Requests that a person has put off: they no longer open a dialog by themselves. */
  private putOff: readonly string[] = $state.raw([])
  readonly asking: readonly Asking[] = $derived(this.view?.asking ?? [])
  /** Who asks, and has not been answered or put off. */
  readonly urgent: Asking | undefined = $derived(this.asking.find(({ requestId }) => !this.putOff.includes(requestId)))
  /** How this machine gets on with joining another cluster, or how that ended. */
  readonly joining: Joining | undefined = $derived(this.view?.joining)
  readonly underWay = $derived(this.joining?.state === 'asking' || this.joining?.state === 'waiting')
  /** How often the node has said of itself what there is to see. */
  private said = 0
  /** Hears no more. */
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

  /** Opens the question again. */
  recall(requestId: string): void {
    this.putOff = this.putOff.filter((one) => one !== requestId)
  }

  /** Throws ApiError. */
  async decide(requestId: string, allow: boolean): Promise<void> {
    await this.answered(() => this.api.post(`/cluster/requests/${requestId}`, { allow }, ClusterView))
  }

  /** Throws ApiError. How it gets on is in the view. */
  async join(by: JoinBy): Promise<void> {
    await this.answered(() => this.api.post('/cluster/join', by, ClusterView))
  }

  /** Gives a joining up, or forgets how it ended. Throws ApiError. */
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

  /** Takes a machine out of the cluster; this one leaves that way. Throws ApiError. */
  async remove(nodeId: NodeId): Promise<void> {
    await this.api.fetch(`/members/${nodeId}`, { method: 'DELETE' })
  }

  /** What would become of each declaration, were that machine gone. Throws ApiError. */
  async whatIf(nodeId: NodeId): Promise<WhatIfView['machines'][number]['declarations']> {
    const { machines } = await this.api.get('/cluster/what-if', WhatIfView)
    return machines.find((machine) => machine.nodeId === nodeId)?.declarations ?? []
  }

  /** Moves a machine's models elsewhere and keeps others away, or takes that back. Throws ApiError. */
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

  /** How much the connections carry, in both directions; what comes of it is in the state. Throws ApiError. */
  async measure(a: NodeId, b: NodeId): Promise<void> {
    await this.api.fetch('/cluster/measure', { method: 'POST', json: { from: a, to: b } })
    await this.api.fetch('/cluster/measure', { method: 'POST', json: { from: b, to: a } })
  }

  /** What all machines see of one another. Throws ApiError. */
  examine(): Promise<DoctorReport> {
    return this.api.get('/cluster/doctor', DoctorReport)
  }

  /** An answer is shown at once, but not over what the node has said since: an answer may be overtaken by that. */
  private async answered(ask: () => Promise<ClusterView>): Promise<void> {
    const { said } = this
    const view = await ask()
    if (said === this.said) this.view = view
  }

  /** What cannot be read is left out: the next one tells all there is. */
  private take(data: string): void {
    const view = ClusterView.safeParse(JSON.parse(data))
    if (!view.success) return
    this.view = view.data
    this.said += 1
  }
}
