import { Hono } from 'hono'
import { z } from 'zod'
import { routeOf } from '@core/generation/route'
import { InstanceId, MetaInstanceId, ModelId, NodeId, RunnerId } from '@core/ids'
import { GivenMachines } from '@core/identity/given-machines'
import { previews } from '@core/placement/previews'
import { PlaceInstanceRequest } from '@core/protocols/control'
import type { Instance } from '@core/state/instances'
import { Concurrency, KvBits, PlacementPreference } from '@core/state/meta-instances'
import { camelCased, jsonBody, parseWith } from '../body'
import { carryOut, commandIdOf, newIdOf } from '../commands'
import type { ApiContext } from '../context'
import { Problem } from '../problem'
import { fitsContext } from './declaration-checks'
import { declaredCard } from './views'

const AWAIT_MS = 30_000

const PreviewQuery = z.strictObject({
  modelId: ModelId,
  nodeIds: z
    .string()
    .transform((text) => text.split(','))
    .pipe(GivenMachines)
    .optional(),
  minNodes: z.coerce.number().int().min(1).optional(),
  placementPreference: PlacementPreference.optional(),
  without: NodeId.optional(),
  replacing: MetaInstanceId.optional(),
  maxContext: z.coerce.number().int().positive().optional(),
  concurrency: z.coerce.number().pipe(Concurrency).optional(),
  kvBits: z.coerce.number().pipe(KvBits).optional(),
  draftModelId: ModelId.optional(),
  adapterId: ModelId.optional(),
})
const AwaitQuery = z.strictObject({ modelId: z.string().min(1) })

const found = ({ source }: ApiContext, text: string): Instance => {
  const id = parseWith(InstanceId, text)
  const instance = source.state().instances[id]
  if (!instance)
    throw new Problem(404, 'not_found', `There is no instance with the id ${id}`, { hint: 'GET /state lists them.' })
  return instance
}

/** Resolves with the first instance of the model that can serve; undefined after the timeout. */
const readyInstance = ({ source }: ApiContext, model: string, signal: AbortSignal): Promise<Instance | undefined> =>
  new Promise((resolve) => {
    const check = (): void => {
      const route = routeOf(source.state(), model)
      if (route.kind === 'ready') settle(route.instance)
      else if (route.kind !== 'wait') settle(undefined)
    }
    const settle = (instance: Instance | undefined): void => {
      unsubscribe()
      clearTimeout(timer)
      resolve(instance)
    }
    const unsubscribe = source.subscribe(check, check)
    const timer = setTimeout(() => settle(undefined), AWAIT_MS)
    signal.addEventListener('abort', () => settle(undefined), { once: true })
    check()
  })

export const instanceRoutes = (context: ApiContext): Hono => {
  const { source } = context
  const routes = new Hono()

  routes.post('/place_instance', async (c) => {
    const { minNodes = 1, ...wanted } = parseWith(PlaceInstanceRequest, camelCased(await jsonBody(c)))
    const card = await declaredCard(context, wanted)
    fitsContext(card, wanted)
    const commandId = await commandIdOf(c)
    const instanceId = InstanceId.parse(newIdOf(commandId))
    await carryOut(context, { type: 'PlaceInstance', instanceId, card, minNodes, ...wanted }, { request: c, commandId })
    return c.json(found(context, instanceId), 201)
  })

  routes.get('/instance/previews', async (c) => {
    const { modelId, draftModelId, adapterId, ...query } = parseWith(PreviewQuery, camelCased(c.req.query()))
    const { without } = query
    const { members } = source.state()
    if (without !== undefined && !Object.hasOwn(members, without))
      throw new Problem(404, 'not_found', `There is no machine with the id ${without}`, {
        hint: 'GET /cluster lists them.',
      })
    const card = await declaredCard(context, { modelId, draftModelId, adapterId })
    return c.json({ previews: previews(source.state(), card, { ...query, makingRoom: true }) })
  })

  routes.get('/instance/await', async (c) => {
    const { modelId } = parseWith(AwaitQuery, camelCased(c.req.query()))
    const instance = await readyInstance(context, modelId, c.req.raw.signal)
    if (instance) return c.json(instance)
    const route = routeOf(source.state(), modelId)
    if (route.kind === 'unknown')
      throw new Problem(404, 'not_found', `No instance of ${modelId} is declared`, {
        hint: 'POST /meta_instance declares one.',
      })
    const reason = route.kind === 'wait' ? route.reason : 'it is paused'
    throw new Problem(503, 'model_unavailable', `${modelId} is not ready: ${reason}`, { retryAfter: 5 })
  })

  routes.get('/instance/:id', (c) => c.json(found(context, c.req.param('id'))))

  routes.delete('/instance/:id', async (c) => {
    const instanceId = parseWith(InstanceId, c.req.param('id'))
    await carryOut(context, { type: 'DeleteInstance', instanceId }, { request: c })
    return c.json({ instanceId, deleted: true })
  })

  /** Recent output of a runner of this node. */
  routes.get('/runner/:id/console', (c) => {
    const text = context.consoleOf(parseWith(RunnerId, c.req.param('id')))
    if (text === undefined) throw new Problem(404, 'not_found', 'This runner is not on this machine')
    return c.text(text)
  })

  return routes
}
