import { Hono } from 'hono'
import { targetOf } from '@core/generation/route'
import type { State } from '@core/state/state'
import type { ApiContext } from '../context'
import type { ApiEnv } from '../env'
import { Problem } from '../problem'
import { chatCompletions } from './chat'

const SECOND = 1000

interface Model {
  readonly id: string
  readonly object: 'model'
  readonly created: number
  readonly owned_by: string
}

const named = (id: string, createdAt: number): Model => ({
  id,
  object: 'model',
  created: Math.floor(createdAt / SECOND),
  owned_by: 'muster',
})

/** What can be asked for: declarations by model and by name, then what nothing keeps. */
const models = (state: State): Model[] => {
  const found = new Map<string, Model>()
  for (const { modelId, name, createdAt } of Object.values(state.metaInstances)) {
    for (const id of [modelId, name]) if (id !== undefined && !found.has(id)) found.set(id, named(id, createdAt))
  }
  for (const { modelId, createdAt } of Object.values(state.instances))
    if (!found.has(modelId)) found.set(modelId, named(modelId, createdAt))
  return [...found.values()]
}

/** OpenAI's dialect. */
export const openaiRoutes = (context: ApiContext): Hono<ApiEnv> => {
  const { source } = context
  const routes = new Hono<ApiEnv>()
  routes.get('/v1/models', (c) => c.json({ object: 'list', data: models(source.state()) }))
  // Model ids contain slashes.
  routes.get('/v1/models/:id{.+}', (c) => {
    const id = c.req.param('id')
    const { metaInstances, instances } = targetOf(source.state(), id)
    const [first] = [...metaInstances, ...instances]
    if (!first)
      throw new Problem(404, 'model_not_found', `The model "${id}" is not declared`, {
        param: 'model',
        hint: 'GET /v1/models lists those that are.',
      })
    return c.json(named(id, first.createdAt))
  })
  routes.post('/v1/chat/completions', chatCompletions(context))
  return routes
}
