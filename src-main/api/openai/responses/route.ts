import type { Context, Handler } from 'hono'
import { z } from 'zod'
import type { Message } from '@core/generation/conversation'
import { ask } from '../../answering/asking'
import { collectAnswer } from '../../answering/answer'
import { dialectBody, nameIgnored } from '../../answering/request-body'
import { ignoredKeywords } from '../../answering/schema-keywords'
import type { Owner } from '../../answering/owner'
import { ignoredThinking } from '../../answering/thinking'
import { tooLongIn } from '../../answering/too-long'
import type { Running } from '../../answering/running'
import { clientGone, streamAnswer } from '../../answering/stream-answer'
import type { ApiContext } from '../../context'
import type { ApiEnv } from '../../env'
import { jsonBody } from '../../body'
import { Problem } from '../../problem'
import { newHead } from '../head'
import { toMessages } from './conversation'
import { ResponseEvents } from './events'
import { inputItems, pageOf, type InputListItem } from './input-items'
import { Output } from './output'
import { responseOf, STATUS_OF, type ResponseObject } from './response'
import { ResponseRequest } from './schema'
import type { Kept, ResponseStore } from './store'
import { customTools, ignoredIn, toConversation, toRequest } from './translate'

const KEPT =
  'Responses are kept in memory by the machine that made them, the last thousand of them, unless they say "store": false. Send the whole conversation as input.'

const found = (store: ResponseStore, id: string, { asker, param }: { asker: Owner; param: string }): Kept => {
  const kept = store.get(id, asker)
  if (kept) return kept
  if (param === 'previous_response_id')
    throw new Problem(400, 'previous_response_not_found', `Previous response with id '${id}' not found`, {
      param,
      hint: KEPT,
    })
  throw new Problem(404, 'response_not_found', `There is no response "${id}", or it is no longer stored`, {
    param,
    hint: KEPT,
  })
}

/** The conversation that the response continues, and its input as lists return it. */
const inputOf = async (
  c: Context<ApiEnv>,
  store: ResponseStore,
  { previous_response_id: previous }: ResponseRequest,
): Promise<InputListItem[]> => {
  const before = previous ? store.get(previous, c.get('apiKeyId')) : undefined
  // Raw: the parsed form has internal types for images and unsupported items.
  const { input } = Sent.parse(await jsonBody(c))
  return [
    ...(before ? [...before.input, ...before.response.output.map((item) => ({ ...item }))] : []),
    ...inputItems(input),
  ]
}

const Sent = z.object({ input: z.unknown() })

const conversationOf = (store: ResponseStore, body: ResponseRequest, asker: Owner): Message[] => {
  const { previous_response_id: previous } = body
  const before = previous ? found(store, previous, { asker, param: 'previous_response_id' }).conversation : []
  return toConversation(body, { before, item: (id) => store.item(id, asker) })
}

/** `POST /v1/responses` */
export const createResponse =
  (context: ApiContext, running: Running, store: ResponseStore): Handler<ApiEnv> =>
  async (c) => {
    const body = await dialectBody(c, ResponseRequest)
    nameIgnored(c, ignoredIn(body))
    const owner = c.get('apiKeyId')
    const conversation = conversationOf(store, body, owner)
    const head = newHead('resp_', body.model)
    const describe = responseOf(head, body)
    const custom = customTools(body)
    const input = body.store === false ? [] : await inputOf(c, store, body)
    const keep = (response: ResponseObject): void => {
      if (body.store === false) return
      store.put({ owner, response, input, conversation: toMessages(response.output, conversation) })
    }
    const cancelled = (): ResponseObject => describe({ status: 'cancelled', output: [] })
    const signal = running.begin(head.id, { signal: clientGone(c.env.outgoing), owner, cancelled })
    const request = toRequest(body, conversation)
    nameIgnored(c, [
      ...ignoredKeywords(request.format, 'text.format.schema'),
      ...(await ignoredThinking(context, request, { reasoning: body.reasoning })),
    ])
    const updates = ask(c, context, request, signal)
    if (body.stream) return tooLongIn('input', streamAnswer(c, updates, new ResponseEvents({ describe, custom, keep })))

    const { text, reasoning, toolCalls, logprobs, end } = await tooLongIn('input', collectAnswer(updates))
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

/** `POST /v1/responses/input_tokens`: counts the input's tokens without generating. */
export const countInput =
  (context: ApiContext, store: ResponseStore): Handler<ApiEnv> =>
  async (c) => {
    const body = await dialectBody(c, ResponseRequest)
    nameIgnored(c, ignoredIn(body))
    const request = toRequest(body, conversationOf(store, body, c.get('apiKeyId')))
    const updates = ask(c, context, { ...request, countOnly: true, maxTokens: 1 }, clientGone(c.env.outgoing))
    const { end } = await collectAnswer(updates)
    return c.json({ object: 'response.input_tokens', input_tokens: end.usage.promptTokens })
  }

/** `GET /v1/responses/{id}` */
export const getResponse =
  (store: ResponseStore): Handler<ApiEnv> =>
  (c) =>
    c.json(found(store, c.req.param('id') ?? '', { asker: c.get('apiKeyId'), param: 'response_id' }).response)

/** `GET /v1/responses/{id}/input_items` */
export const listInputItems =
  (store: ResponseStore): Handler<ApiEnv> =>
  (c) => {
    const { input } = found(store, c.req.param('id') ?? '', { asker: c.get('apiKeyId'), param: 'response_id' })
    return c.json(pageOf(input, c.req.query()))
  }

/** `DELETE /v1/responses/{id}` */
export const deleteResponse =
  (store: ResponseStore): Handler<ApiEnv> =>
  (c) => {
    const asker = c.get('apiKeyId')
    const { id } = found(store, c.req.param('id') ?? '', { asker, param: 'response_id' }).response
    store.delete(id)
    return c.json({ id, object: 'response', deleted: true })
  }
