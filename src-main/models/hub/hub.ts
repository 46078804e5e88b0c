import type { ModelId } from '@core/ids'
import type { ModelCard } from '@core/placement/model-card'
import type { HubModel } from '@core/protocols/models'
import { coded } from '@core/texts/coded'
import type { Endpoint } from './endpoint'
import { hubCard, unsupported, type Described } from './hub-card'
import { HubError } from './hub-error'
import type { HubListing } from './listing'
import type { Network } from './network'
import { HubRequests } from './requests'
import { protocols, type HubProtocol } from './protocol'

/** Cache time of a card; the form requests previews with every click. */
const CARD_KEPT_MS = 300_000
/** Cache time of a failure. */
const REFUSAL_KEPT_MS = 3000
/** Time limit: a user waits for the answer. */
const CARD_LIMIT_MS = 9000
const MOST_CARDS = 200

interface Kept {
  readonly until: number
  readonly described: Promise<Described>
}

export interface HubOptions {
  readonly endpoint: Endpoint
  /** Why hub requests are forbidden; undefined if they are allowed. */
  readonly offline: string | undefined
  /** Network access; absent: direct. */
  readonly network?: Network
}

/** Client of a hub. In offline mode every call fails with an error that says so. */
export class Hub {
  readonly name: string
  readonly requests: HubRequests
  private readonly protocol: HubProtocol
  private readonly cards = new Map<ModelId, Kept>()

  constructor(private readonly options: HubOptions) {
    this.name = options.endpoint.host
    this.protocol = protocols[options.endpoint.kind]
    this.requests = new HubRequests(options.endpoint, { ...(options.network && { network: options.network }) })
  }

  get isOffline(): boolean {
    return this.options.offline !== undefined
  }

  /** Lists a model's files. Rejects with HubError. */
  async list(modelId: ModelId, signal?: AbortSignal): Promise<HubListing> {
    return this.protocol.list(this.requests, modelId, signal)
  }

  /** Rejects with HubError. */
  async search(words: string, signal?: AbortSignal): Promise<HubModel[]> {
    this.check()
    return this.protocol.search(this.requests, words, signal)
  }

  /** The card of a model on the hub. Rejects with HubError, also if the model could not be run. */
  async card(modelId: ModelId): Promise<ModelCard> {
    const described = await this.described(modelId)
    if (described.status === 'loaded') return described.card
    throw unsupported(modelId, 'it is a LoRA adapter, not a model; give it as adapterId')
  }

  /** The card of a model or an adapter on the hub. Rejects with HubError, also if it could not be used. */
  async described(modelId: ModelId): Promise<Described> {
    this.check()
    const now = performance.now()
    const known = this.cards.get(modelId)
    if (known && now < known.until) return known.described
    const described = this.read(modelId)
    this.keep(modelId, { until: now + CARD_KEPT_MS, described })
    // Concurrent callers share one request.
    described.catch(() => {
      // Not a failure of before `forget`: the token of that time may have been its reason.
      if (this.cards.get(modelId)?.described === described)
        this.keep(modelId, { until: performance.now() + REFUSAL_KEPT_MS, described })
    })
    return described
  }

  /** Forgets cached answers: with another token they may differ. */
  forget(): void {
    this.cards.clear()
  }

  /** Throws HubError in offline mode. */
  check(): void {
    const { offline } = this.options
    if (offline === undefined) return
    throw new HubError({
      code: 'hub_offline',
      what: coded('downloads.hub.offline', { what: offline }),
      hint: 'Copy the model to a disk of one of your machines, or start Muster without that option.',
    })
  }

  private async read(modelId: ModelId): Promise<Described> {
    const late = new AbortController()
    const timer = setTimeout(() => late.abort(), CARD_LIMIT_MS)
    try {
      return await hubCard(this.requests, await this.list(modelId, late.signal), late.signal)
    } catch (error) {
      if (!late.signal.aborted) throw error
      throw new HubError({
        code: 'hub_unreachable',
        what: coded('downloads.hub.late', { host: this.name, seconds: String(CARD_LIMIT_MS / 1000) }),
        hint: 'Check this machine’s connection to the internet.',
        cause: error,
      })
    } finally {
      clearTimeout(timer)
    }
  }

  private keep(modelId: ModelId, kept: Kept): void {
    this.cards.delete(modelId)
    this.cards.set(modelId, kept)
    for (const oldest of this.cards.keys()) {
      if (this.cards.size <= MOST_CARDS) break
      this.cards.delete(oldest)
    }
  }
}
