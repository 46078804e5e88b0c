import { Hono } from 'hono'
import { z } from 'zod'
import { requestedChanges } from '@core/protocols/requested-changes'
import { withChanges } from '@core/fold/index'
import { MetaInstanceId } from '@core/ids'
import { mayGiveWayNow } from '@core/placement/giving-way'
import { placeMakingRoom } from '@core/placement/making-room'
import { PlacementSpace } from '@core/placement/space'
import { unfitMachines } from '@core/placement/unfit'
import { CreateMetaInstanceRequest, UpdateMetaInstanceRequest } from '@core/protocols/control'
import { requestOf } from '@core/reconcile/index'
import { currentInstance } from '@core/state/bindings'
import { asScheduled, isOffHours } from '@core/state/scheduling'
import { camelCased, jsonBody, parseWith } from '../body'
import { carryOut, commandIdOf, newIdOf } from '../commands'
import type { ApiContext } from '../context'
import { Problem } from '../problem'
import { namedAsModel, neverPossible } from './declaration-checks'
import { declaredCard, viewOf } from './views'

/** How long the response to a declaration waits for its placement. */
const PLACING_MS = 250

/** `validate`: refuse what cannot be placed now. */
const CreateQuery = z.object({ validate: z.stringbool().default(false) })

const idFrom = (text: string): MetaInstanceId => parseWith(MetaInstanceId, text)

/**
 * Waits until a declaration has been reconciled: it has an instance, or a reason for having none. Returns after
 * `PLACING_MS` at the latest.
 */
const awaitReconciled = async ({ commands, source }: ApiContext, id: MetaInstanceId): Promise<void> => {
  const until = performance.now() + PLACING_MS
  while (performance.now() < until) {
    await commands.reconciled()
    const state = source.state()
    const declared = state.metaInstances[id]
    if (!declared || declared.paused || isOffHours(declared) || declared.placementError || currentInstance(state, id))
      return
    // The model's card is still being read.
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

export const metaInstanceRoutes = (context: ApiContext): Hono => {
  const { source, commands } = context
  const routes = new Hono()

  routes.post('/meta_instance', async (c) => {
    const { validate } = parseWith(CreateQuery, c.req.query())
    const { minNodes = 1, ...wanted } = parseWith(CreateMetaInstanceRequest, camelCased(await jsonBody(c)))
    await neverPossible(context, { ...wanted, minNodes })
    await namedAsModel(context, wanted.name)
    if (validate) {
      const state = source.state()
      const card = await declaredCard(context, wanted)
      const request = { ...wanted, minNodes }
      const result = placeMakingRoom(new PlacementSpace(state, mayGiveWayNow(state, wanted)), card, request)
      if (result.status === 'refused') {
        const { code, reason, details } = result.error
        throw new Problem(400, code, reason, details === undefined ? {} : { details })
      }
    }
    const commandId = await commandIdOf(c)
    const metaInstanceId = MetaInstanceId.parse(newIdOf(commandId))
    await carryOut(
      context,
      { type: 'CreateMetaInstance', metaInstanceId, minNodes, ...wanted },
      { request: c, commandId },
    )
    await awaitReconciled(context, metaInstanceId)
    return c.json(viewOf(source.state(), metaInstanceId), 201)
  })

  routes.get('/meta_instances', (c) => {
    const state = source.state()
    return c.json({
      metaInstances: Object.values(state.metaInstances).map(({ metaInstanceId }) => viewOf(state, metaInstanceId)),
    })
  })

  routes.get('/meta_instance/:id', (c) => c.json(viewOf(source.state(), idFrom(c.req.param('id')))))

  routes.patch('/meta_instance/:id', async (c) => {
    const metaInstanceId = idFrom(c.req.param('id'))
    const changes = requestedChanges(parseWith(UpdateMetaInstanceRequest, camelCased(await jsonBody(c))))
    const known = viewOf(source.state(), metaInstanceId)
    await neverPossible(context, withChanges(known, changes), known)
    await namedAsModel(context, changes.name, known.name)
    await carryOut(context, { type: 'UpdateMetaInstance', metaInstanceId, changes }, { request: c })
    await commands.reconciled()
    return c.json(viewOf(source.state(), metaInstanceId))
  })

  routes.delete('/meta_instance/:id', async (c) => {
    const metaInstanceId = idFrom(c.req.param('id'))
    await carryOut(context, { type: 'DeleteMetaInstance', metaInstanceId }, { request: c })
    return c.json({ metaInstanceId, deleted: true })
  })

  routes.post('/meta_instance/:id/restart', async (c) => {
    const metaInstanceId = idFrom(c.req.param('id'))
    await carryOut(context, { type: 'RestartMetaInstance', metaInstanceId }, { request: c })
    await commands.reconciled()
    return c.json(viewOf(source.state(), metaInstanceId))
  })

  /** Its current placement, or where it would be placed now. */
  routes.get('/meta_instance/:id/placement', async (c) => {
    const state = source.state()
    const declared = viewOf(state, idFrom(c.req.param('id')))
    const instance = currentInstance(state, declared.metaInstanceId)
    if (instance) return c.json({ instance })
    try {
      const request = requestOf(state, asScheduled(declared), { unfit: unfitMachines(state, declared) })
      const card = await declaredCard(context, declared)
      const result = placeMakingRoom(new PlacementSpace(state, mayGiveWayNow(state, declared)), card, request)
      if (result.status === 'refused') return c.json({ error: result.error })
      const { placement, ends } = result
      return c.json({ placement, ...(ends.length > 0 && { ends }) })
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      return c.json({ error: { code: error.code, reason: error.message } })
    }
  })

  /** Its decisions, and the days before them, newest first. */
  routes.get('/meta_instance/:id/history', async (c) => {
    const { metaInstanceId } = viewOf(source.state(), idFrom(c.req.param('id')))
    const { events, days } = await commands.history(metaInstanceId)
    return c.json({ events: [...events].reverse(), days: [...days].reverse() })
  })

  return routes
}
