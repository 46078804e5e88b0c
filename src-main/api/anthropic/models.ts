import type { Handler } from 'hono'
import type { ApiContext } from '../context'
import { isAnthropic } from '../dialect'
import type { ApiEnv } from '../env'
import { Problem } from '../problem'
import { servable, servedModel, servedModels, type ServedModel } from '../served-models'

const toModel = ({ name, createdAt }: ServedModel): object => ({
  type: 'model',
  id: name,
  display_name: name,
  created_at: new Date(createdAt).toISOString(),
})

/** `GET /v1/models` for Anthropic clients, on a single page. Requests of OpenAI clients go to the next handler. */
export const listModels =
  (context: ApiContext): Handler<ApiEnv> =>
  async (c, next) => {
    if (!isAnthropic(c.req)) return next()
    const models = servedModels(servable(context))
    return c.json({
      data: models.map(toModel),
      has_more: false,
      first_id: models.at(0)?.name ?? null,
      last_id: models.at(-1)?.name ?? null,
    })
  }

/** `GET /v1/models/{id}` for Anthropic clients. */
export const oneModel =
  (context: ApiContext): Handler<ApiEnv, '/v1/models/:id{.+}'> =>
  async (c, next) => {
    if (!isAnthropic(c.req)) return next()
    const id = c.req.param('id')
    const model = servedModel(servable(context), id)
    if (!model)
      throw new Problem(404, 'model_not_found', `The model "${id}" is not declared`, {
        hint: 'GET /v1/models lists the available models.',
      })
    return c.json(toModel(model))
  }
