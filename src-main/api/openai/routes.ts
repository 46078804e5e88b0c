import { Hono, type Handler } from 'hono'
import type { ModelId } from '@core/ids'
import { Running } from '../answering/running'
import type { ApiContext } from '../context'
import type { ApiEnv } from '../env'
import { modelFinder } from '../model-finder'
import { Problem } from '../problem'
import { servable, servedModel, servedModels, type ServedModel } from '../served-models'
import { cancelAnswer } from './cancel'
import { chatCompletions } from './chat/route'
import { completions } from './completions/route'
import { embeddings } from './embeddings/route'
import { listedModel, type ListedModel } from './models'
import { countInput, createResponse, deleteResponse, getResponse, listInputItems } from './responses/route'
import { ResponseStore } from './responses/store'

/** OpenAI's dialect. What is not already a route of the app's own is there without `/v1` too. */
export const openaiRoutes = (context: ApiContext): Hono<ApiEnv> => {
  const { source } = context
  const routes = new Hono<ApiEnv>()
  const running = new Running()
  const responses = new ResponseStore()
  const post = (path: string, handler: Handler<ApiEnv>): void => {
    routes.post(`/v1${path}`, handler)
    routes.post(path, handler)
  }
  const listed = async (models: readonly ServedModel[]): Promise<ListedModel[]> => {
    const ids = models.map(({ modelId }) => modelId)
    const find = await modelFinder(context, ids)
    const from = { state: source.state(), cardOf: (modelId: ModelId) => find(modelId)?.card }
    return models.map((served) => listedModel(from, served))
  }
  routes.get('/v1/models', async (c) => c.json({ object: 'list', data: await listed(servedModels(servable(context))) }))
  // Model ids contain slashes.
  routes.get('/v1/models/:id{.+}', async (c) => {
    const id = c.req.param('id')
    const served = servedModel(servable(context), id)
    if (!served)
      throw new Problem(404, 'model_not_found', `The model "${id}" is not declared`, {
        param: 'model',
        hint: 'GET /v1/models lists those that can be asked for.',
      })
    const [model] = await listed([served])
    return c.json(model)
  })
  post('/chat/completions', chatCompletions(context, running))
  post('/completions', completions(context, running))
  post('/responses', createResponse(context, running, responses))
  post('/responses/input_tokens', countInput(context, responses))
  post('/responses/:id/cancel', cancelAnswer(running))
  for (const path of ['/v1/responses/:id', '/responses/:id']) {
    routes.get(path, getResponse(responses))
    routes.delete(path, deleteResponse(responses))
    routes.get(`${path}/input_items`, listInputItems(responses))
  }
  post('/embeddings', embeddings(context))
  post('/cancel/:id', cancelAnswer(running))
  return routes
}
