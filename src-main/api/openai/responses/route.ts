import type { Handler } from 'hono'
import { ask } from '../../answering/asking'
import { collectAnswer } from '../../answering/answer'
import { dialectBody, nameIgnored } from '../../answering/request-body'
import type { Running } from '../../answering/running'
import { clientGone, streamAnswer } from '../../answering/stream-answer'
import type { ApiContext } from '../../context'
import type { ApiEnv } from '../../env'
import { Problem } from '../../problem'
import { newHead } from '../head'
import { toMessages } from './conversation'
import { ResponseEvents } from './events'
import { Output } from './output'
import { responseOf, STATUS_OF, type ResponseObject } from './response'
import { ResponseRequest } from './schema'
import type { Kept, ResponseStore } from './store'
import { customTools, ignoredIn, toConversation, toRequest } from './translate'

const found = (store: ResponseStore, id: string, param: string): Kept => {
  const kept = store.get(id)
  if (kept) return kept
  throw new Problem(404, 'response_not_found', `There is no response "${id}" (any more)`, {
    param,
    hint: 'Responses are kept in memory by the machine that made them, the last thousand of them, unless they say "store": false. Send the whole conversation as input.',
  })
}

/** `POST /v1/responses` */
export const createResponse =
  (context: ApiContext, running: Running, store: ResponseStore): Handler<ApiEnv> =>
  async (c) => {
    const body = await dialectBody(c, ResponseRequest)
    nameIgnored(c, ignoredIn(body))
    const before = body.previous_response_id
      ? found(store, body.previous_response_id, 'previous_response_id').conversation
      : []
    const conversation = toConversation(body, { before, item: (id) => store.item(id) })
    const head = newHead('resp_', body.model)
    const describe = responseOf(head, body)
    const custom = customTools(body)
    const keep = (response: ResponseObject): void => {
      if (body.store === false) return
      store.put({ response, conversation: toMessages(response.output, conversation) })
    }
    const signal = running.begin(head.id, clientGone(c.env.outgoing))
    const updates = ask(c, context, toRequest(body, conversation), signal)
    if (body.stream) return streamAnswer(c, updates, new ResponseEvents({ describe, custom, keep }))

    const { text, reasoning, toolCalls, logprobs, end } = await collectAnswer(updates)
    const output = new Output(custom)
    output.add(reasoning === '' ? [] : [{ channel: 'reasoning', text: reasoning }])
    output.add(text === '' ? [] : [{ channel: 'text', text }], logprobs)
    output.add(toolCalls.map((call, index) => ({ channel: 'toolCall', index, ...call })))
    const status = STATUS_OF[end.reason]
    const items = status === 'completed' ? 'completed' : 'incomplete'
    output.end(items)
    const response = describe({ status, output: output.list(items), usage: end.usage })
    keep(response)
    return c.json(response)
  }

/** `GET /v1/responses/{id}` */
export const getResponse =
  (store: ResponseStore): Handler<ApiEnv> =>
  (c) =>
    c.json(found(store, c.req.param('id') ?? '', 'response_id').response)

/** `DELETE /v1/responses/{id}` */
export const deleteResponse =
  (store: ResponseStore): Handler<ApiEnv> =>
  (c) => {
    const { id } = found(store, c.req.param('id') ?? '', 'response_id').response
    store.delete(id)
    return c.json({ id, object: 'response', deleted: true })
  }
