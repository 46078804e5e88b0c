import { ClusterView, InviteAnswer } from '@core/protocols/control'
import { DoctorReport } from '@core/protocols/doctor'
import type { NodeId } from '@core/ids'
import type { Api } from '../api/access'
import { serverSentEvents } from '../api/server-sent-events'

export type Asking = ClusterView['asking'][number]
export type Nearby = ClusterView['nearby'][number]
export type Joining = NonNullable<ClusterView['joining']>
/** By what another cluster is joined. */
export type JoinBy = { readonly token: string } | { readonly nodeId: NodeId } | { readonly address: string }

const RETRY_MS = 1000
/** Nodes send a comment every 15 s. */
const SILENCE_MS = 40_000

const pause = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })

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
  private readonly stopped = new AbortController()

  constructor(private readonly api: Api) {
    void this.follow()
  }

  close(): void {
    this.stopped.abort()
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

  private async follow(): Promise<void> {
    const { signal } = this.stopped
    while (!signal.aborted) {
      try {
        const response = await this.api.request('/cluster/events', { signal })
        if (response.ok && response.body)
          for await (const data of serverSentEvents(response.body, { silenceMs: SILENCE_MS })) {
            this.view = ClusterView.parse(JSON.parse(data))
            this.said += 1
          }
      } catch {
        // That the node is away is shown by the page; what was known stays until it is back.
      }
      await pause(RETRY_MS, signal)
    }
  }
}
