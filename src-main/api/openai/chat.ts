import { randomUUID } from 'node:crypto'
import type { Handler } from 'hono'
import { collectAnswer } from '../answering/answer'
import { dialectBody } from '../answering/request-body'
import { clientGone, streamAnswer } from '../answering/stream-answer'
import type { ApiContext } from '../context'
import type { ApiEnv } from '../env'
import { ChatCompletionRequest } from './schema'
import { Chunks, toCompletion, toRequest, type Head } from './translate'

/** `POST /v1/chat/completions` */
export const chatCompletions =
  ({ serving }: ApiContext): Handler<ApiEnv> =>
  async (c) => {
    const body = await dialectBody(c, ChatCompletionRequest)
    const head: Head = { id: `chatcmpl-${randomUUID()}`, created: Math.floor(Date.now() / 1000), model: body.model }
    const updates = serving.generate(toRequest(body), clientGone(c.env.outgoing))
    if (!body.stream) return c.json(toCompletion(head, await collectAnswer(updates)))
    return streamAnswer(c, updates, new Chunks(head, body.stream_options?.include_usage ?? false))
  }
