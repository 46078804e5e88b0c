import type { Handler } from 'hono'
import type { Running } from '../answering/running'
import type { ApiEnv } from '../env'
import { Problem } from '../problem'

/** `POST /v1/cancel/{id}`: stops the answer of that id; its client gets the part generated so far. */
export const cancelAnswer =
  (running: Running): Handler<ApiEnv> =>
  (c) => {
    const id = c.req.param('id') ?? ''
    if (!running.cancel(id, c.get('apiKeyId')))
      throw new Problem(404, 'not_found', `No running answer has the id "${id}"`, {
        param: 'id',
        hint: 'It may be complete, or was requested at another machine: cancel it there.',
      })
    return c.json({ id, cancelled: true })
  }
