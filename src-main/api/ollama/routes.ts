import { Hono, type Context } from 'hono'
import type { ApiRequest } from '@core/generation/request'
import { ask } from '../answering/asking'
import { collectAnswer } from '../answering/answer'
import { collectEmbeddings, floatsOf } from '../answering/embeddings'
import { dialectBody, nameIgnored } from '../answering/request-body'
import { ignoredKeywords } from '../answering/schema-keywords'
import { ignoredThinking } from '../answering/thinking'
import { clientGone, streamAnswer } from '../answering/stream-answer'
import type { ApiContext } from '../context'
import type { ApiEnv } from '../env'
import { chatShape, generateShape, lineHead, newHead, toAnswer, type Shape } from './answer'
import { libraryRoutes } from './library'
import { AnswerLines } from './lines'
import { askedModel } from './model-name'
import { ChatRequest, EmbeddingsRequest, EmbedRequest, GenerateRequest } from './schema'
import { unload } from './unload'
import { chatToRequest, embedToRequest, generateToRequest, ignoredIn, loadRequest } from './translate'

const NS_PER_MS = 1e6

/** An empty text has no embedding, as in Ollama. */
const textsOf = ({ input }: EmbedRequest): readonly string[] =>
  typeof input === 'string' ? (input === '' ? [] : [input]) : input

/** Normalised, as Ollama promises for `/api/embed` whatever the model's own output is. */
const unit = (vector: readonly number[]): readonly number[] => {
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0))
  return length === 0 ? vector : vector.map((value) => value / length)
}

interface Asked {
  /** Undefined if there is nothing to generate: the request only loads the model. */
  readonly request: ApiRequest | undefined
  readonly body: ChatRequest | GenerateRequest
  readonly shape: Shape
}

/** The Ollama dialect's routes. */
export const ollamaRoutes = (context: ApiContext): Hono<ApiEnv> => {
  const routes = new Hono<ApiEnv>()

  const answer = async (c: Context<ApiEnv>, { request, body, shape }: Asked): Promise<Response> => {
    nameIgnored(c, ignoredIn(body))
    const head = newHead(body.model ?? askedModel(body))
    const signal = clientGone(c.env.outgoing)
    if (!request && body.keep_alive === 0) {
      await unload(context, askedModel(body))
      return c.json({ ...lineHead(head), ...shape({}), done: true, done_reason: 'unload' })
    }
    if (!request) {
      await collectAnswer(ask(c, context, loadRequest(body), signal))
      return c.json({ ...lineHead(head), ...shape({}), done: true, done_reason: 'load' })
    }
    nameIgnored(c, [
      ...ignoredKeywords(request.format, 'format'),
      ...(await ignoredThinking(context, request, { think: body.think })),
    ])
    const updates = ask(c, context, request, signal)
    if (body.stream === false) return c.json(toAnswer(head, shape, await collectAnswer(updates)))
    return streamAnswer(c, updates, new AnswerLines(head, shape))
  }

  routes.post('/api/chat', async (c) => {
    const body = await dialectBody(c, ChatRequest)
    const request = (body.messages ?? []).length > 0 ? chatToRequest(body) : undefined
    return answer(c, { body, request, shape: chatShape })
  })

  routes.post('/api/generate', async (c) => {
    const body = await dialectBody(c, GenerateRequest)
    const asksNothing = !body.prompt && (body.images ?? []).length === 0
    return answer(c, { body, request: asksNothing ? undefined : generateToRequest(body), shape: generateShape })
  })

  routes.post('/api/embed', async (c) => {
    const body = await dialectBody(c, EmbedRequest)
    const texts = textsOf(body)
    const head = newHead(body.model ?? askedModel(body))
    const signal = clientGone(c.env.outgoing)
    if (texts.length === 0) return c.json({ model: head.model, embeddings: [] })
    const { vectors, usage } = await collectEmbeddings(
      ask(c, context, embedToRequest(body, texts), signal),
      texts.length,
    )
    return c.json({
      model: head.model,
      embeddings: vectors.map((vector) => unit(floatsOf(vector))),
      total_duration: Math.round(head.elapsed() * NS_PER_MS),
      load_duration: 0,
      prompt_eval_count: usage.promptTokens,
    })
  })

  routes.post('/api/embeddings', async (c) => {
    const body = await dialectBody(c, EmbeddingsRequest)
    if (body.prompt === '') return c.json({ embedding: [] })
    const request = embedToRequest(body, [body.prompt])
    const { vectors } = await collectEmbeddings(ask(c, context, request, clientGone(c.env.outgoing)), 1)
    return c.json({ embedding: floatsOf(vectors[0] ?? '') })
  })

  routes.route('/', libraryRoutes(context))
  return routes
}
