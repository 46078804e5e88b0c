import { z } from 'zod'
import { NodeId } from '@core/ids'
import type { Api } from '../api/access'
import { t } from './texts.svelte'

/** What `GET /health` tells, also where it tells that something is wrong. */
const Health = z.object({
  status: z.enum(['ok', 'degraded']),
  version: z.string(),
  nodeId: NodeId.optional(),
  reason: z.string().optional(),
  hint: z.string().optional(),
})
type Health = z.infer<typeof Health>

/** Why a node takes no commands (its disk is full, for one), and what to do about it. */
export interface Trouble {
  readonly reason: string
  readonly hint: string | undefined
}

/** The node that answers this page. */
export class OwnNode {
  private health: Health | undefined = $state.raw()
  readonly nodeId = $derived(this.health?.nodeId)
  readonly version = $derived(this.health?.version)
  readonly trouble: Trouble | undefined = $derived(
    this.health?.status === 'degraded'
      ? { reason: this.health.reason ?? t('app.noReason'), hint: this.health.hint }
      : undefined,
  )

  constructor(private readonly api: Pick<Api, 'request'>) {}

  /** Never fails: what cannot be read stays as it was known. */
  async read(): Promise<void> {
    try {
      const parsed = Health.safeParse(await (await this.api.request('/health')).json())
      if (parsed.success) this.health = parsed.data
    } catch {
      // That the node is away is known from its events.
    }
  }
}
