import { Hono } from 'hono'
import type { ApiContext } from '../context'
import type { ApiEnv } from '../env'
import { Problem } from '../problem'
import { chatCompletions } from './chat'
import { listedModel, listedModels, type ModelSources } from './models'

/** OpenAI's dialect. */
export const openaiRoutes = (context: ApiContext): Hono<ApiEnv> => {
  const { source, catalogue } = context
  const routes = new Hono<ApiEnv>()
  const sources = (): ModelSources => ({
    state: source.state(),
    contextLengthOf: (modelId) => catalogue.find(modelId)?.card.contextLength,
  })
  routes.get('/v1/models', (c) => c.json({ object: 'list', data: listedModels(sources()) }))
  // Model ids contain slashes.
  routes.get('/v1/models/:id{.+}', (c) => {
    const id = c.req.param('id')
    const model = listedModel(sources(), id)
    if (!model)
      throw new Problem(404, 'model_not_found', `The model "${id}" is not declared`, {
        param: 'model',
        hint: 'GET /v1/models lists those that are.',
      })
    return c.json(model)
  })
  routes.post('/v1/chat/completions', chatCompletions(context))
  return routes
}
