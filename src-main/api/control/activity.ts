import { homedir } from 'node:os'
import { Hono } from 'hono'
import { z } from 'zod'
import { logLine, withoutSecrets } from '@core/activity/support-bundle'
import { TaskId } from '@core/ids'
import type { SupportBundle } from '@core/protocols/activity'
import { parseWith } from '../body'
import { carryOut } from '../commands'
import type { ApiContext } from '../context'
import type { ApiEnv } from '../env'
import { Problem } from '../problem'
import { publicEnvelope, publicState } from '../redaction'

const RequestsQuery = z.strictObject({ last: z.coerce.number().int().min(0).max(1000).default(1000) })

/** Limits of the support bundle's longest lists. */
const EVENTS = 2000
const DECISIONS = 1000
const LOG_LINES = 5000

/** Recent activity of this node, and the support bundle. */
export const activityRoutes = (context: ApiContext): Hono<ApiEnv> => {
  const { requests, source, log, cluster, settings, catalogue, version } = context
  const routes = new Hono<ApiEnv>()

  routes.get('/requests', (c) => {
    const { last } = parseWith(RequestsQuery, c.req.query())
    return c.json({ requests: requests.latest(last) })
  })

  routes.delete('/requests/:taskId', async (c) => {
    const taskId = parseWith(TaskId, c.req.param('taskId'))
    if (!(taskId in source.state().tasks))
      throw new Problem(404, 'not_found', 'No running request has this id', { hint: 'GET /state lists them.' })
    await carryOut(context, { type: 'CancelTask', taskId }, { request: c })
    return c.json({ taskId })
  })

  routes.get('/support_bundle', async (c) => {
    const bundle: SupportBundle = {
      format: 'muster-support',
      version,
      madeAt: new Date().toISOString(),
      state: publicState(source.state()),
      cluster: cluster.view(),
      doctor: await cluster.doctor().catch((error: unknown) => String(error)),
      settings: settings.current(),
      models: catalogue.list(),
      requests: [...requests.latest()],
      events: (await source.latestEvents({ last: EVENTS, decisions: DECISIONS })).map(publicEnvelope),
      log: log.lastLines({ lines: LOG_LINES }).map(logLine),
    }
    c.header('content-disposition', 'attachment; filename="muster-support.json"')
    return c.json(withoutSecrets(bundle, { home: homedir() }) as SupportBundle)
  })
  return routes
}
