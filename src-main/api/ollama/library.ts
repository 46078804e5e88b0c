import { Hono } from 'hono'
import { stream } from 'hono/streaming'
import { ModelId } from '@core/ids'
import { dialectBody } from '../answering/request-body'
import { clientGone } from '../answering/stream-answer'
import { parseWith } from '../body'
import type { ApiContext } from '../context'
import type { ApiEnv } from '../env'
import { hubProblem } from '../hub-problem'
import { modelFinder, type Found } from '../model-finder'
import { isExplained, Problem } from '../problem'
import { servable, servedModel, servedModels, type ServedModel } from '../served-models'
import { ollamaError } from './error'
import { askedModel } from './model-name'
import { running, toShow, toTag } from './models'
import { pull } from './pull'
import { DeleteRequest, PullRequest, ShowRequest } from './schema'

/** The reported Ollama version. Clients refuse servers they consider too old, so this is not Muster's own version. */
const OLLAMA_VERSION = '0.13.5'

const REFUSED = {
  '/api/create': 'Creating models is not supported',
  '/api/copy': 'Copying models is not supported',
  '/api/push': 'Publishing models is not supported',
} as const

const finder = async (context: ApiContext, models: readonly ServedModel[]) => {
  const find = await modelFinder(
    context,
    models.map(({ modelId }) => modelId),
  )
  return ({ modelId }: ServedModel): Found => find(modelId)
}

/** Lists, describes, pulls, loads and unloads models. */
export const libraryRoutes = (context: ApiContext): Hono<ApiEnv> => {
  const { source, downloads, nodeId } = context
  const routes = new Hono<ApiEnv>()

  /** Resolves a served name, or the id of a model that may not be on any disk yet. Throws Problem. */
  const modelIdOf = (name: string): ModelId => servedModel(servable(context), name)?.modelId ?? parseWith(ModelId, name)

  routes.get('/api/version', (c) => c.json({ version: OLLAMA_VERSION }))

  routes.get('/api/tags', async (c) => {
    const models = servedModels(servable(context))
    const find = await finder(context, models)
    return c.json({ models: models.map((model) => toTag(model, find(model))) })
  })

  routes.get('/api/ps', async (c) => {
    const models = servedModels(servable(context))
    const find = await finder(context, models)
    return c.json({ models: running(source.state(), models, find) })
  })

  routes.post('/api/show', async (c) => {
    const name = askedModel(await dialectBody(c, ShowRequest))
    const model = servedModel(servable(context), name)
    if (!model)
      throw new Problem(404, 'model_not_found', `model "${name}" not found`, {
        hint: 'GET /api/tags lists the available models.',
      })
    const find = await finder(context, [model])
    return c.json(toShow(model, find(model)))
  })

  routes.post('/api/pull', async (c) => {
    const body = await dialectBody(c, PullRequest)
    const lines = await pull(context, modelIdOf(askedModel(body)), clientGone(c.env.outgoing))
    if (body.stream === false) {
      let last: object = {}
      for await (const line of lines) last = line
      return c.json(last)
    }
    c.header('content-type', 'application/x-ndjson')
    return stream(c, async (out) => {
      try {
        for await (const line of lines) await out.write(`${JSON.stringify(line)}\n`)
      } catch (error) {
        if (!(error instanceof Problem)) throw error
        await out.write(`${JSON.stringify(ollamaError(error))}\n`)
      }
    })
  })

  routes.delete('/api/delete', async (c) => {
    const modelId = modelIdOf(askedModel(await dialectBody(c, DeleteRequest)))
    try {
      await downloads.remove(modelId, nodeId)
    } catch (error) {
      throw isExplained(error) ? hubProblem(error) : error
    }
    return c.body(null, 200)
  })

  for (const [path, why] of Object.entries(REFUSED))
    routes.post(path, () => {
      throw new Problem(400, 'unsupported', why, { hint: 'POST /api/pull downloads a model from the hub.' })
    })
  return routes
}
