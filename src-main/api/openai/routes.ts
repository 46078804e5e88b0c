import { Hono, type Handler } from 'hono'
import { Running } from '../answering/running'
import type { ApiContext } from '../context'
import type { ApiEnv } from '../env'
import { Problem } from '../problem'
import { servable, servedModel } from '../served-models'
import { cancelAnswer } from './cancel'
import { chatCompletions } from './chat/route'
import { completions } from './completions/route'
import { embeddings } from './embeddings/route'
import { listed, modelList } from './listing'
import { countInput, createResponse, deleteResponse, getResponse, listInputItems } from './responses/route'
import { ResponseStore } from './responses/store'

/** The OpenAI dialect's routes. Each is also available without `/v1` unless that path is a route of the control API. */
export const openaiRoutes = (context: ApiContext): Hono<ApiEnv> => {
  const routes = new Hono<ApiEnv>()
  const running = new Running()
  const responses = new ResponseStore()
  const post = (path: string, handler: Handler<ApiEnv>): void => {
    routes.post(`/v1${path}`, handler)
    routes.post(path, handler)
  }
  routes.get('/v1/models', async (c) => c.json(await modelList(context)))
  // Model ids contain slashes.
  routes.get('/v1/models/:id{.+}', async (c) => {
    const id = c.req.param('id')
    const served = servedModel(servable(context), id)
    if (!served)
      throw new Problem(404, 'model_not_found', `The model "${id}" is not declared`, {
        param: 'model',
        hint: 'GET /v1/models lists the available models.',
      })
    const [model] = await listed(context, [served])
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
