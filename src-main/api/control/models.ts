import { Hono, type Context } from 'hono'
import { z } from 'zod'
import { ModelId, type NodeId } from '@core/ids'
import {
  AddModelRequest,
  ChangeDownloadRequest,
  DownloadRequest,
  type RemovedModelsResponse,
} from '@core/protocols/models'
import { unusedCopies, type UnusedCopy } from '@core/state/unused-models'
import { camelCased, jsonBody, parseWith } from '../body'
import type { ApiContext } from '../context'
import { hubProblem } from '../hub-problem'
import { modelList } from '../openai/listing'
import { isExplained, Problem } from '../problem'

const SearchQuery = z.strictObject({ q: z.string().trim().min(1).max(200) })

/** The id's slash may be literal or percent-encoded. */
const DOWNLOAD = '/models/:id{.+}/download'

/** Models of the cluster and of the hub, and downloads. */
export const modelRoutes = (context: ApiContext): Hono => {
  const { catalogue, hub, downloads, source, nodeId: self } = context
  const routes = new Hono()

  const explained = async <Value>(promise: Promise<Value>): Promise<Value> => {
    try {
      return await promise
    } catch (error) {
      throw isExplained(error) ? hubProblem(error) : error
    }
  }

  const member = (nodeId: NodeId): NodeId => {
    if (nodeId in source.state().members) return nodeId
    throw new Problem(404, 'not_found', `There is no machine with the id ${nodeId}`, {
      hint: 'GET /cluster lists them.',
    })
  }

  /** The model and machine that a request addresses; this machine by default. */
  const meant = (c: Context, given: { nodeId?: NodeId | undefined } = {}): { modelId: ModelId; nodeId: NodeId } => {
    const modelId = parseWith(ModelId, c.req.param('id'))
    const nodeId = given.nodeId ?? parseWith(DownloadRequest, camelCased(c.req.query())).nodeId ?? self
    return { modelId, nodeId: member(nodeId) }
  }

  routes.get('/models', async (c) => {
    await catalogue.refresh()
    const own = catalogue.list()
    const here = new Set(own.map(({ modelId }) => modelId))
    const elsewhere = (await catalogue.elsewhere()).filter(({ modelId }) => !here.has(modelId))
    return c.json({
      models: [...own, ...elsewhere],
      unreadable: catalogue.unreadable(),
      adapters: catalogue.adapters(),
      // OpenAI clients whose base URL lacks /v1 ask here, and read `data`.
      ...(await modelList(context)),
    })
  })

  /** Unused files in Muster's own folders, as far as this node can tell. */
  const unused = async (): Promise<UnusedCopy[]> => {
    await catalogue.refresh()
    const others = (await catalogue.elsewhere()).filter(({ modelId }) => !catalogue.find(modelId))
    const own = new Set(
      [...catalogue.list(), ...catalogue.adapters(), ...others].flatMap((one) =>
        one.source === 'muster' ? [one.modelId] : [],
      ),
    )
    return unusedCopies(source.state(), (modelId) => own.has(modelId))
  }
  const bytesOf = (copies: readonly UnusedCopy[]): number => copies.reduce((sum, { bytes }) => sum + bytes, 0)

  routes.get('/models/unused', async (c) => {
    const models = await unused()
    return c.json({ models, bytes: bytesOf(models) })
  })

  routes.delete('/models/unused', async (c) => {
    const removed: UnusedCopy[] = []
    const failed: RemovedModelsResponse['failed'] = []
    for (const copy of await unused())
      try {
        await downloads.remove(copy.modelId, copy.nodeId)
        removed.push(copy)
      } catch (error) {
        // The other unused files can still be deleted.
        if (!isExplained(error)) throw error
        failed.push({ ...copy, message: error.message, code: error.code })
      }
    return c.json({ removed, freedBytes: bytesOf(removed), failed })
  })

  routes.get('/models/search', async (c) => {
    const { q } = parseWith(SearchQuery, c.req.query())
    return c.json({ hub: hub.name, models: await explained(hub.search(q, c.req.raw.signal)) })
  })

  const download = async (c: Context, { modelId, nodeId }: { modelId: ModelId; nodeId: NodeId }): Promise<Response> => {
    await explained(downloads.start(modelId, nodeId))
    return c.json({ modelId, nodeId }, 202)
  }

  routes.post('/models', async (c) => {
    const { modelId, nodeId = self } = parseWith(AddModelRequest, camelCased(await jsonBody(c)))
    return download(c, { modelId, nodeId: member(nodeId) })
  })

  routes.post(DOWNLOAD, async (c) => {
    const body = (await c.req.text()) === '' ? {} : camelCased(await jsonBody(c))
    return download(c, meant(c, parseWith(DownloadRequest, body)))
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
