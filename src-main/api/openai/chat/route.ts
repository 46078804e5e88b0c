import type { Handler } from 'hono'
import { askAll } from '../../answering/asking'
import { collectAnswer } from '../../answering/answer'
import { dialectBody, nameIgnored } from '../../answering/request-body'
import { ignoredKeywords } from '../../answering/schema-keywords'
import { ignoredThinking } from '../../answering/thinking'
import type { Running } from '../../answering/running'
import { clientGone, paired, streamAnswers } from '../../answering/stream-answer'
import type { ApiContext } from '../../context'
import type { ApiEnv } from '../../env'
import { choicesOf } from '../choices'
import { newHead } from '../head'
import { chunksOf } from './chunks'
import { toCompletion, type CallForm } from './completion'
import { ChatCompletionRequest } from './schema'
import { customTools, ignoredTools, usesLegacyFunctions, toRequest } from './translate'

/** `POST /v1/chat/completions` */
export const chatCompletions =
  (context: ApiContext, running: Running): Handler<ApiEnv> =>
  async (c) => {
    const body = await dialectBody(c, ChatCompletionRequest)
    nameIgnored(c, ignoredTools(body))
    const head = newHead('chatcmpl-', body.model)
    const request = toRequest(body)
    const { reasoning_effort, reasoning, enable_thinking, thinking } = body
    nameIgnored(c, [
      ...ignoredKeywords(request.format, 'response_format'),
      ...(await ignoredThinking(context, request, { reasoning_effort, reasoning, enable_thinking, thinking })),
    ])
    const requests = choicesOf(request, body.n ?? 1)
    const signal = running.begin(head.id, { signal: clientGone(c.env.outgoing), owner: c.get('apiKeyId') })
    const updates = askAll(c, context, requests, signal)
    const callForm: CallForm = usesLegacyFunctions(body)
      ? { kind: 'function' }
      : { kind: 'tools', custom: customTools(body) }
    if (!body.stream) return c.json(toCompletion(head, await Promise.all(updates.map(collectAnswer)), callForm))
    const includeUsage = body.stream_options?.include_usage === true
    const reportsProgress = body.return_progress === true
    const writers = chunksOf(head, { choices: requests.length, includeUsage, callForm, reportsProgress })
    return streamAnswers(c, paired(updates, writers))
  }
