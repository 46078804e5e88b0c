import type { Handler } from 'hono'
import type { Running } from '../answering/running'
import type { ApiEnv } from '../env'
import { Problem } from '../problem'

/**
 * `POST /v1/cancel/{id}` and `POST /v1/responses/{id}/cancel`: stops the answer of that id; its client gets the part
 * generated so far. A response is answered with that response, as at OpenAI, without its output.
 */
export const cancelAnswer =
  (running: Running): Handler<ApiEnv> =>
  (c) => {
    const id = c.req.param('id') ?? ''
    const cancelled = running.cancel(id, c.get('apiKeyId'))
    if (!cancelled)
      throw new Problem(404, 'not_found', `No running answer has the id "${id}"`, {
        param: 'id',
        hint: 'It may be complete, or was requested at another machine: cancel it there.',
      })
    return c.json(cancelled)
  }
