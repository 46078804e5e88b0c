import type { Handler } from 'hono'
import { ask } from '../../answering/asking'
import { collectEmbeddings } from '../../answering/embeddings'
import { dialectBody } from '../../answering/request-body'
import { clientGone } from '../../answering/stream-answer'
import type { ApiContext } from '../../context'
import type { ApiEnv } from '../../env'
import { toEmbeddings, toRequest } from './embedding'
import { EmbeddingRequest } from './schema'

/** `POST /v1/embeddings` */
export const embeddings =
  (context: ApiContext): Handler<ApiEnv> =>
  async (c) => {
    const body = await dialectBody(c, EmbeddingRequest)
    const request = toRequest(body)
    const updates = ask(c, context, request, clientGone(c.env.outgoing))
    return c.json(toEmbeddings(body, await collectEmbeddings(updates, request.prompt.inputs.length)))
  }
