import type { Handler } from 'hono'
import { collectAnswer } from '../../answering/answer'
import { dialectBody } from '../../answering/request-body'
import type { Running } from '../../answering/running'
import { clientGone, paired, streamAnswers } from '../../answering/stream-answer'
import type { ApiContext } from '../../context'
import type { ApiEnv } from '../../env'
import { newHead } from '../head'
import { textChunksOf, toCompletion } from './completion'
import { CompletionRequest } from './schema'
import { toRequests } from './translate'

/** `POST /v1/completions` */
export const completions =
  ({ serving }: ApiContext, running: Running): Handler<ApiEnv> =>
  async (c) => {
    const body = await dialectBody(c, CompletionRequest)
    const head = newHead('cmpl-', body.model)
    const wanted = toRequests(body)
    const signal = running.begin(head.id, clientGone(c.env.outgoing))
    const answered = wanted.map(({ request, echo }) => ({ echo, updates: serving.generate(request, signal) }))
    const perPrompt = body.n ?? 1
    if (body.stream) {
      const includeUsage = body.stream_options?.include_usage === true
      return streamAnswers(
        c,
        paired(
          answered.map(({ updates }) => updates),
          textChunksOf(head, wanted, { perPrompt, includeUsage }),
        ),
      )
    }
    const answers = await Promise.all(
      answered.map(async ({ updates, echo }) => ({ echo, answer: await collectAnswer(updates) })),
    )
    return c.json(toCompletion(head, answers, perPrompt))
  }
