import type { Envelope } from '@core/events/event'
import type { ApiKeyId } from '@core/ids'
import { KeyMeter, type Standings, type Verdict } from '@core/keys/key-meter'
import type { State } from '@core/state/state'

export interface KeyMetersOptions {
  readonly source: { state(): State; subscribe(event: (envelope: Envelope) => void, reset?: () => void): () => void }
  /** Monotonic milliseconds. */
  readonly now?: () => number
}

/** One HTTP request checked against the limits of its key. */
export interface Metered {
  readonly verdict: Verdict
  /** The key's limits and what is left of them, with this request counted. */
  readonly standings: Standings
  /** Records the request's end and the tokens it used; only the first call counts. */
  end(tokens: number): void
}

const UNLIMITED: Metered = { verdict: { kind: 'admitted' }, standings: {}, end: () => undefined }

/**
 * Enforces rate limits of API keys, in memory and per node: a key used at several nodes has its limits at each, and a
 * restart resets the counters.
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

  /**
   * Checks the key's limits and counts the request if it is admitted. `expected`: estimated tokens of prompt and
   * answer.
   */
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
