import { z } from 'zod'
import { NodeId } from '@core/ids'
import type { Api } from '../api/access'
import { problemMeaning, t } from './texts.svelte'

/** Body of `GET /health`, both healthy and not. */
const Health = z.object({
  status: z.enum(['ok', 'degraded']),
  version: z.string(),
  nodeId: NodeId.optional(),
  code: z.string().optional(),
  reason: z.string().optional(),
  hint: z.string().optional(),
})
type Health = z.infer<typeof Health>

/** Why the node refuses commands (such as a full disk), and what to do about it. */
export interface Trouble {
  readonly reason: string
  readonly hint: string | undefined
}

const troubleOf = ({ status, code, reason, hint }: Health): Trouble | undefined => {
  if (status === 'ok') return undefined
  const translated = code === undefined ? undefined : problemMeaning(code)
  // A translation names the way out too.
  return translated === undefined
    ? { reason: reason ?? t('app.noReason'), hint }
    : { reason: translated, hint: undefined }
}

/** The node that serves this page. */
export class OwnNode {
  private health: Health | undefined = $state.raw()
  readonly nodeId = $derived(this.health?.nodeId)
  readonly version = $derived(this.health?.version)
  readonly trouble: Trouble | undefined = $derived(this.health && troubleOf(this.health))

  constructor(private readonly api: Pick<Api, 'request'>) {}

  /** Never fails: on an error the known values stay. */
  async read(): Promise<void> {
    try {
      const parsed = Health.safeParse(await (await this.api.request('/health')).json())
      if (parsed.success) this.health = parsed.data
    } catch {
      // The event stream reports that the node is unreachable.
    }
  }
}
