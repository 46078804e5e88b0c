import type { Envelope } from '@core/events/event'
import type { ApiKeyId } from '@core/ids'
import { KeyMeter, type Standings, type Verdict } from '@core/keys/key-meter'
import type { State } from '@core/state/state'

export interface KeyMetersOptions {
  readonly source: { state(): State; subscribe(event: (envelope: Envelope) => void, reset?: () => void): () => void }
  /** Milliseconds that never go backwards. */
  readonly now?: () => number
}

/** One request of HTTP by the limits of its key. */
export interface Metered {
  readonly verdict: Verdict
  /** How the limits of the key stand now, with this request. */
  readonly standings: Standings
  /** It has ended, having been so many tokens. Only the first word counts. */
  end(tokens: number): void
}

const UNLIMITED: Metered = { verdict: { kind: 'admitted' }, standings: {}, end: () => undefined }

/**
 * Holds keys to their limits. In memory, and for the requests that this node takes: a key that is used at several nodes
 * has its limits at each of them, and a node that starts anew has forgotten what was used.
 */
export class KeyMeters {
  private readonly meters = new Map<ApiKeyId, KeyMeter>()
  private readonly unsubscribe: () => void

  constructor(private readonly options: KeyMetersOptions) {
    this.unsubscribe = options.source.subscribe(
      ({ event }) => {
        if (event.type === 'ApiKeyRevoked') this.meters.delete(event.apiKeyId)
      },
      () => {
        const { apiKeys } = options.source.state()
        for (const apiKeyId of this.meters.keys()) if (!(apiKeyId in apiKeys)) this.meters.delete(apiKeyId)
      },
    )
  }

  close(): void {
    this.unsubscribe()
  }

  /** A request of that key begins, if it may. `expected`: about how many tokens it will be, prompt and answer. */
  begin(apiKeyId: ApiKeyId | undefined, expected: number): Metered {
    const { source, now = () => performance.now() } = this.options
    const limits = apiKeyId && source.state().apiKeys[apiKeyId]?.limits
    if (apiKeyId === undefined || limits === undefined) return UNLIMITED
    const meter = this.meters.get(apiKeyId) ?? new KeyMeter()
    this.meters.set(apiKeyId, meter)
    const began = now()
    const verdict = meter.begin(limits, { tokens: expected, now: began })
    let live = verdict.kind === 'admitted'
    return {
      verdict,
      standings: meter.standings(limits, now()),
      end: (used) => {
        if (live) meter.end(limits, { expected, used, began, now: now() })
        live = false
      },
    }
  }
}
