import type { Envelope } from '@core/events/event'
import type { ApiKeyId, NodeId } from '@core/ids'
import type { UsageByKey, Use } from '@core/keys/usage'
import type { State } from '@core/state/state'
import { clusterUsage, type ClusterUsage } from './cluster-usage'
import { KeyMeters, type Metered } from './key-meters'
import { UsageCounts } from './usage-counts'

export interface ApiKeyAccountsOptions {
  readonly self: NodeId
  readonly dataDir: string
  readonly source: { state(): State; subscribe(event: (envelope: Envelope) => void, reset?: () => void): () => void }
  /** Asks another member; rejects if it is not linked. */
  readonly ask: (peer: NodeId, kind: string, params: unknown) => Promise<unknown>
  readonly log: { warn(fields: object, message: string): void }
}

/** Rate limits of API keys at this node, and their usage across the cluster. */
export class ApiKeyAccounts {
  private constructor(
    private readonly options: ApiKeyAccountsOptions,
    private readonly meters: KeyMeters,
    private readonly counts: UsageCounts,
  ) {}

  static async open(options: ApiKeyAccountsOptions): Promise<ApiKeyAccounts> {
    return new ApiKeyAccounts(options, new KeyMeters(options), await UsageCounts.open(options))
  }

  /** Usage counted by this node. */
  get current(): UsageByKey {
    return this.counts.current
  }

  /** Checks the key's limits for a new request. `expected`: estimated tokens of prompt and answer. */
  begin(apiKeyId: ApiKeyId | undefined, expected: number): Metered {
    return this.meters.begin(apiKeyId, expected)
  }

  used(use: Use): void {
    this.counts.add(use)
  }

  /** Usage summed over all members that are reachable. */
  usage(): Promise<ClusterUsage> {
    const { self, source, ask } = this.options
    return clusterUsage({
      self,
      own: () => this.current,
      members: () => Object.values(source.state().members).map(({ nodeId }) => nodeId),
      ask,
    })
  }

  /** Resolves when everything is written to disk. */
  async close(): Promise<void> {
    this.meters.close()
    await this.counts.close()
  }
}
