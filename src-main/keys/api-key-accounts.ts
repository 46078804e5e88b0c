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
  /** Asks another member. Rejects where it is not linked. */
  readonly ask: (peer: NodeId, kind: string, params: unknown) => Promise<unknown>
  readonly log: { warn(fields: object, message: string): void }
}

/** What API keys may use at this node, and what they have used in the cluster. */
export class ApiKeyAccounts {
  private constructor(
    private readonly options: ApiKeyAccountsOptions,
    private readonly meters: KeyMeters,
    private readonly counts: UsageCounts,
  ) {}

  static async open(options: ApiKeyAccountsOptions): Promise<ApiKeyAccounts> {
    return new ApiKeyAccounts(options, new KeyMeters(options), await UsageCounts.open(options))
  }

  /** What this node has counted. */
  get current(): UsageByKey {
    return this.counts.current
  }

  /** A request of that key begins, if its limits allow it; `expected` is about how many tokens it will be. */
  begin(apiKeyId: ApiKeyId | undefined, expected: number): Metered {
    return this.meters.begin(apiKeyId, expected)
  }

  used(use: Use): void {
    this.counts.add(use)
  }

  /** What all members have counted that can be asked now. */
  usage(): Promise<ClusterUsage> {
    const { self, source, ask } = this.options
    return clusterUsage({
      self,
      own: () => this.current,
      members: () => Object.values(source.state().members).map(({ nodeId }) => nodeId),
      ask,
    })
  }

  /** Resolves when everything is on the disk. */
  async close(): Promise<void> {
    this.meters.close()
    await this.counts.close()
  }
}
