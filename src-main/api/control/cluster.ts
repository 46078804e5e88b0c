import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { Hono } from 'hono'
import { NodeId } from '@core/ids'
import {
  AdmissionAnswer,
  InviteRequest,
  JoinRequest,
  MeasureRequest,
  RenameClusterRequest,
  RenameMemberRequest,
} from '@core/protocols/cluster'
import { camelCased, jsonBody, parseWith } from '../body'
import { carryOut } from '../commands'
import type { ApiContext } from '../context'
import type { ApiEnv } from '../env'
import { isExplained, Problem } from '../problem'
import { streamClusterView } from './cluster-view'
import { beginEvents, headOfEvents } from './event-stream'

const MAX_UNREAD_BYTES = 1024 * 1024

const problemOf = (error: unknown): unknown =>
  isExplained(error) ? new Problem(409, error.code, error.message, { hint: error.hint }) : error

/** Cluster membership: joining, admitting, leaving. */
export const clusterRoutes = (context: ApiContext): Hono<ApiEnv> => {
  const { cluster } = context
  const routes = new Hono<ApiEnv>()
  routes.get('/cluster', (c) => c.json(cluster.view()))

  routes.get('/cluster/doctor', async (c) => c.json(await cluster.doctor()))

  routes.get('/cluster/events', headOfEvents, (c) => {
    streamClusterView(cluster, beginEvents(c, MAX_UNREAD_BYTES))
    return RESPONSE_ALREADY_SENT
  })

  routes.post('/cluster/invite', async (c) => {
    const how = (await c.req.text()) === '' ? {} : parseWith(InviteRequest, camelCased(await jsonBody(c)))
    return c.json(cluster.invite(how), 201)
  })

  routes.post('/cluster/measure', async (c) => {
    const { from, to } = parseWith(MeasureRequest, await jsonBody(c))
    try {
      await cluster.measure({ from, to })
    } catch (error) {
      throw new Problem(409, 'not_measured', error instanceof Error ? error.message : String(error), {
        hint: 'Both machines must be connected, and must not be computing.',
      })
    }
    return c.json({ measured: { from, to } })
  })

  routes.post('/cluster/join', async (c) => {
    const how = parseWith(JoinRequest, camelCased(await jsonBody(c)))
    try {
      cluster.join(how)
    } catch (error) {
      throw problemOf(error)
    }
    return c.json(cluster.view(), 202)
  })

  routes.delete('/cluster/join', (c) => {
    cluster.cancelJoin()
    return c.json(cluster.view())
  })

  routes.post('/cluster/requests/:id', async (c) => {
    const { allow } = parseWith(AdmissionAnswer, await jsonBody(c))
    if (!cluster.decide(c.req.param('id'), allow))
      throw new Problem(404, 'not_found', 'This join request no longer exists', {
        hint: 'GET /cluster lists the join requests.',
      })
    return c.json(cluster.view())
  })

  routes.patch('/cluster', async (c) => {
    const { name } = parseWith(RenameClusterRequest, camelCased(await jsonBody(c)))
    await carryOut(context, { type: 'ChangeSetting', change: { key: 'name', value: name } }, { request: c })
    return c.json(cluster.view())
  })

  routes.patch('/cluster/members/:id', async (c) => {
    const nodeId = parseWith(NodeId, c.req.param('id'))
    const { friendlyName } = parseWith(RenameMemberRequest, camelCased(await jsonBody(c)))
    await carryOut(context, { type: 'RenameMember', nodeId, friendlyName }, { request: c })
    return c.json(cluster.view())
  })

  routes.delete('/members/:id', async (c) => {
    const nodeId = parseWith(NodeId, c.req.param('id'))
    await carryOut(context, { type: 'RemoveMember', nodeId }, { request: c })
    return c.json({ removed: nodeId })
  })

  return routes
}
