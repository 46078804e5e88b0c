import { Hono } from 'hono'
import { NodeId, type ModelId } from '@core/ids'
import { DrainRequest, type DrainView, type WhatIfView } from '@core/protocols/cluster'
import { type CardResult, departures } from '@core/reconcile/index'
import { modelsOnMachine } from '@core/state/drain'
import { namedModels } from '@core/state/needed-models'
import type { State } from '@core/state/state'
import { camelCased, jsonBody, parseWith } from '../body'
import { carryOut } from '../commands'
import type { ApiContext } from '../context'
import { Problem } from '../problem'

const viewOf = (state: State, nodeId: NodeId): DrainView => {
  const member = state.members[nodeId]
  if (!member)
    throw new Problem(404, 'not_found', `There is no member with the id ${nodeId}`, {
      hint: 'GET /cluster lists them.',
    })
  const drained = member.drained === true
  const remaining = modelsOnMachine(state, nodeId)
  return { nodeId, drained, empty: drained && remaining.length === 0, remaining }
}

/** Cards of all declared models with their drafts and adapters; unreadable ones are omitted. */
const cardsOf = async ({ catalogue }: ApiContext, { metaInstances }: State): Promise<Record<ModelId, CardResult>> => {
  const models = [...new Set(Object.values(metaInstances).flatMap(namedModels))]
  const found = await Promise.all(
    models.map(async (modelId): Promise<[ModelId, CardResult][]> => {
      try {
        return [[modelId, await catalogue.card(modelId)]]
      } catch {
        return []
      }
    }),
  )
  return Object.fromEntries(found.flat())
}

/** Draining machines, and previews of the effect. */
export const drainRoutes = (context: ApiContext): Hono => {
  const { source, commands } = context
  const routes = new Hono()

  routes.get('/cluster/members/:id/drain', (c) => c.json(viewOf(source.state(), parseWith(NodeId, c.req.param('id')))))

  routes.post('/cluster/members/:id/drain', async (c) => {
    const nodeId = parseWith(NodeId, c.req.param('id'))
    const body = (await c.req.text()) === '' ? {} : camelCased(await jsonBody(c))
    const { drained } = parseWith(DrainRequest, body)
    await carryOut(context, { type: 'DrainMember', nodeId, drained }, { request: c })
    await commands.reconciled()
    return c.json(viewOf(source.state(), nodeId))
  })

  routes.get('/cluster/what-if', async (c) => {
    const state = source.state()
    const cards = await cardsOf(context, state)
    const machines = Object.values(state.members).map(({ nodeId, friendlyName }) => ({
      nodeId,
      friendlyName,
      declarations: departures(state, nodeId, cards).map((one) =>
        one.fate === 'moves' ? { ...one, nodeIds: [...one.nodeIds] } : { ...one, reason: one.error.reason },
      ),
    }))
    return c.json({ machines } satisfies WhatIfView)
  })

  return routes
}
