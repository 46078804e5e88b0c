import { Hono, type Context } from 'hono'
import { z } from 'zod'
import { ModelId, type NodeId } from '@core/ids'
import { ChangeDownloadRequest, DownloadRequest } from '@core/protocols/control'
import { camelCased, jsonBody, parseWith } from '../body'
import type { ApiContext } from '../context'
import { hubProblem } from '../hub-problem'
import { isExplained, Problem } from '../problem'

const SearchQuery = z.strictObject({ q: z.string().trim().min(1).max(200) })

/** The id may be written with its slash as it is, or encoded. */
const DOWNLOAD = '/models/:id{.+}/download'

/** The models of the cluster, of the hub, and what is brought to which disk. */
export const modelRoutes = ({ catalogue, hub, downloads, source, nodeId: self }: ApiContext): Hono => {
  const routes = new Hono()

  const explained = async <Value>(promise: Promise<Value>): Promise<Value> => {
    try {
      return await promise
    } catch (error) {
      throw isExplained(error) ? hubProblem(error) : error
    }
  }

  /** Which model on which machine is meant; this one, unless another is named. */
  const meant = (c: Context, given: { nodeId?: NodeId | undefined } = {}): { modelId: ModelId; nodeId: NodeId } => {
    const modelId = parseWith(ModelId, c.req.param('id'))
    const nodeId = given.nodeId ?? parseWith(DownloadRequest, camelCased(c.req.query())).nodeId ?? self
    if (!(nodeId in source.state().members))
      throw new Problem(404, 'not_found', `There is no machine with the id ${nodeId}`, {
        hint: 'GET /cluster lists them.',
      })
    return { modelId, nodeId }
  }

  routes.get('/models', async (c) => {
    await catalogue.refresh()
    const own = catalogue.list()
    const here = new Set(own.map(({ modelId }) => modelId))
    const elsewhere = (await catalogue.elsewhere()).filter(({ modelId }) => !here.has(modelId))
    return c.json({ models: [...own, ...elsewhere], unreadable: catalogue.unreadable() })
  })

  routes.get('/models/search', async (c) => {
    const { q } = parseWith(SearchQuery, c.req.query())
    return c.json({ hub: hub.name, models: await explained(hub.search(q, c.req.raw.signal)) })
  })

  routes.post(DOWNLOAD, async (c) => {
    const hasBody = Number(c.req.header('content-length') ?? 0) > 0
    const { modelId, nodeId } = meant(c, hasBody ? parseWith(DownloadRequest, camelCased(await jsonBody(c))) : {})
    await explained(downloads.start(modelId, nodeId))
    return c.json({ modelId, nodeId }, 202)
  })

  routes.patch(DOWNLOAD, async (c) => {
    const { paused, ...given } = parseWith(ChangeDownloadRequest, camelCased(await jsonBody(c)))
    const { modelId, nodeId } = meant(c, given)
    await explained(paused ? downloads.pause(modelId, nodeId) : downloads.resume(modelId, nodeId))
    return c.json({ modelId, nodeId })
  })

  routes.delete(DOWNLOAD, async (c) => {
    const { modelId, nodeId } = meant(c)
    await explained(downloads.remove(modelId, nodeId))
    return c.json({ modelId, nodeId })
  })

  return routes
}
