import { Hono, type Handler, type MiddlewareHandler } from 'hono'
import { ask } from '../answering/asking'
import { collectAnswer } from '../answering/answer'
import { dialectBody, nameIgnored } from '../answering/request-body'
import { ignoredThinking } from '../answering/thinking'
import { clientGone, streamAnswer } from '../answering/stream-answer'
import type { ApiContext } from '../context'
import type { ApiEnv } from '../env'
import { Problem } from '../problem'
import { servable, servedModels } from '../served-models'
import { newRequestId } from './error'
import { MessageEvents } from './events'
import { newHead, toMessage } from './message'
import { listModels, oneModel } from './models'
import { CountTokensRequest, MessagesRequest } from './schema'
import { ignoredIn, toCountRequest, toRequest } from './translate'

/** Maximum model names listed in a hint. */
const MAX_NAMES = 10

/** Builds the hint for Anthropic's programs, which ask for Anthropic's models until configured otherwise. */
const forOurModels = (context: ApiContext, problem: Problem): Problem => {
  const names = servedModels(servable(context)).map(({ name }) => `"${name}"`)
  if (problem.code !== 'model_not_found' || names.length === 0) return problem
  const hint = `Available models: ${names.slice(0, MAX_NAMES).join(', ')}. Claude Code takes it from ANTHROPIC_MODEL and ANTHROPIC_DEFAULT_HAIKU_MODEL; a declaration can also have the name that a program requests.`
  return new Problem(404, problem.code, problem.message, { ...problem.more, hint })
}

/** The Anthropic dialect's routes. */
export const anthropicRoutes = (context: ApiContext): Hono<ApiEnv> => {
  const routes = new Hono<ApiEnv>()

  const explained = async <Value>(answer: Promise<Value>): Promise<Value> => {
    try {
      return await answer
    } catch (error) {
      throw error instanceof Problem ? forOurModels(context, error) : error
    }
  }

  const identified: MiddlewareHandler<ApiEnv> = async (c, next) => {
    const requestId = newRequestId()
    c.set('requestId', requestId)
    c.header('request-id', requestId)
    await next()
  }

  const messages: Handler<ApiEnv> = async (c) => {
    const body = await dialectBody(c, MessagesRequest)
    nameIgnored(c, ignoredIn(body))
    const head = newHead(body.model)
    const request = toRequest(body)
    const { thinking } = body
    nameIgnored(c, await ignoredThinking(context, request, { thinking }))
    const updates = ask(c, context, request, clientGone(c.env.outgoing))
    if (!body.stream) return c.json(toMessage(head, await explained(collectAnswer(updates))))
    return explained(streamAnswer(c, updates, new MessageEvents(head, c.get('requestId'))))
  }

  const countTokens: Handler<ApiEnv> = async (c) => {
    const body = await dialectBody(c, CountTokensRequest)
    nameIgnored(c, ignoredIn(body))
    const counted = ask(c, context, toCountRequest(body), clientGone(c.env.outgoing))
    const { end } = await explained(collectAnswer(counted))
    return c.json({ input_tokens: end.usage.promptTokens })
  }

  for (const version of ['/v1', '']) {
    routes.post(`${version}/messages`, identified, messages)
    routes.post(`${version}/messages/count_tokens`, identified, countTokens)
  }

  routes.get('/v1/models', listModels(context))
  // Model ids contain slashes.
  routes.get('/v1/models/:id{.+}', oneModel(context))
  return routes
}
