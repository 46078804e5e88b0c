import type { Handler } from 'hono'
import { ask } from '../../answering/asking'
import { dialectBody } from '../../answering/request-body'
import { clientGone } from '../../answering/stream-answer'
import type { ApiContext } from '../../context'
import type { ApiEnv } from '../../env'
import { collectVectors, toEmbeddings, toRequest } from './embedding'
import { EmbeddingRequest } from './schema'

/** `POST /v1/embeddings` */
export const embeddings =
  (context: ApiContext): Handler<ApiEnv> =>
  async (c) => {
    const body = await dialectBody(c, EmbeddingRequest)
    const count = typeof body.input === 'string' ? 1 : body.input.length
    const updates = ask(c, context, toRequest(body), clientGone(c.env.outgoing))
    return c.json(toEmbeddings(body, await collectVectors(updates, count)))
  }
