import { Hono } from 'hono'
import { z } from 'zod'
import { MetaInstanceId, ModelId, NodeId } from '@core/ids'
import { MetaInstanceName, type MetaInstance } from '@core/state/meta-instances'
import { instancesOf, isReady } from '@core/state/bindings'
import type { Instance } from '@core/state/instances'
import { isOffHours, temporaryOf } from '@core/state/scheduling'
import { statusOf } from '@core/state/status'
import { parseWith } from '../body'
import type { ApiContext } from '../context'

/** Health of one declaration, for monitors. */
const ModelHealth = z.object({
  metaInstanceId: MetaInstanceId,
  name: MetaInstanceName.optional(),
  modelId: ModelId,
  /** As in `GET /meta_instances`. */
  status: z.string(),
  /** Including problems of this machine's runners that the state does not show. */
  detail: z.string(),
  /** Whether requests are answered now. Paused or outside its schedule: false, and not degraded. */
  serving: z.boolean(),
})
type ModelHealth = z.infer<typeof ModelHealth>

/** `GET /health`; `models` if requested. HTTP status 200 for `ok`, 503 for `degraded`. */
export const Health = z.object({
  status: z.enum(['ok', 'degraded']),
  /** Error code of the reason, where it concerns the node and not a model. */
  code: z.string().optional(),
  reason: z.string().optional(),
  hint: z.string().optional(),
  version: z.string(),
  nodeId: NodeId,
  masterNodeId: NodeId.optional(),
  term: z.number().int(),
  role: z.enum(['master', 'follower', 'seeking', 'stepped-down']),
  models: z.array(ModelHealth).optional(),
})
export type Health = z.infer<typeof Health>

const Query = z.object({ models: z.stringbool().optional() })

interface Trouble {
  readonly code?: string
  readonly reason: string
  readonly hint: string
}

const troubleOf = (status: ReturnType<ApiContext['commands']['status']>): Trouble | undefined => {
  switch (status.role) {
    case 'master':
    case 'follower':
      return undefined
    case 'seeking':
      return {
        code: 'no_master',
        reason: 'The machines of this cluster have not agreed yet on which of them decides',
        hint: 'Wait a few seconds. Running models continue to serve.',
      }
    case 'stepped-down':
      return { code: status.code, reason: status.reason, hint: status.hint }
  }
}

/** Whether the declaration is deliberately not serving now. */
const isIntentionallyOff = (declared: MetaInstance): boolean => declared.paused || isOffHours(declared)

const modelHealth = ({ source, stallOf }: ApiContext, declared: MetaInstance): ModelHealth => {
  const state = source.state()
  const { metaInstanceId, name, modelId } = declared
  const instances = instancesOf(state, metaInstanceId)
  const stallsOf = ({ shards }: Instance): string[] => shards.flatMap(({ runnerId }) => stallOf(runnerId) ?? [])
  const stalls = instances.flatMap(stallsOf)
  const { status, detail } = statusOf(state, declared)
  return {
    ...{ metaInstanceId, modelId, status },
    ...(name !== undefined && { name }),
    detail: [detail, ...stalls].join(' · '),
    serving:
      !isIntentionallyOff(declared) && instances.some((one) => isReady(state, one) && stallsOf(one).length === 0),
  }
}

const missing = (
  state: ReturnType<ApiContext['source']['state']>,
  models: readonly ModelHealth[],
): Trouble | undefined => {
  const notServing = models.filter(({ metaInstanceId, serving }) => {
    const declared = state.metaInstances[metaInstanceId]
    // Models loaded on request come and go, and do not count.
    return !serving && declared !== undefined && !isIntentionallyOff(declared) && temporaryOf(declared) === undefined
  })
  return notServing.length === 0
    ? undefined
    : {
        reason: `${notServing.map(({ name, modelId }) => name ?? modelId).join(', ')}: not serving`,
        hint: 'See the detail of each model. Muster recovers by itself where it can.',
      }
}

/** For load balancers and monitors: whether this node can decide and, with `?models=1`, whether all models serve. */
export const healthRoutes = (context: ApiContext): Hono => {
  const { source, commands, version, nodeId } = context
  const routes = new Hono()
  routes.get('/health', (c) => {
    const query = parseWith(Query, c.req.query())
    const state = source.state()
    const { masterNodeId, term } = state
    const status = commands.status()
    const models = query.models ? Object.values(state.metaInstances).map((one) => modelHealth(context, one)) : undefined
    const trouble = troubleOf(status) ?? (models && missing(state, models))
    const health: Health = {
      status: trouble ? 'degraded' : 'ok',
      ...trouble,
      ...{ version, nodeId, term, role: status.role },
      ...(masterNodeId !== undefined && { masterNodeId }),
      ...(models && { models }),
    }
    return c.json(health, trouble ? 503 : 200)
  })
  return routes
}
