import type { Handler } from 'hono'
import { askAll } from '../../answering/asking'
import { collectAnswer } from '../../answering/answer'
import { dialectBody } from '../../answering/request-body'
import type { Running } from '../../answering/running'
import { clientGone, paired, streamAnswers } from '../../answering/stream-answer'
import { tooLongIn } from '../../answering/too-long'
import type { ApiContext } from '../../context'
import type { ApiEnv } from '../../env'
import { newHead } from '../head'
import { textChunksOf, toCompletion } from './completion'
import { CompletionRequest } from './schema'
import { toRequests } from './translate'

/** `POST /v1/completions` */
export const completions =
  (context: ApiContext, running: Running): Handler<ApiEnv> =>
  async (c) => {
    const body = await dialectBody(c, CompletionRequest)
    const head = newHead('cmpl-', body.model)
    const wanted = toRequests(body)
    const signal = running.begin(head.id, { signal: clientGone(c.env.outgoing), owner: c.get('apiKeyId') })
    const updates = askAll(
      c,
      context,
      wanted.map(({ request }) => request),
      signal,
    )
    const perPrompt = body.n ?? 1
    if (body.stream) {
      const includeUsage = body.stream_options?.include_usage === true
      const writers = textChunksOf(head, wanted, { perPrompt, includeUsage })
      return tooLongIn('prompt', streamAnswers(c, paired(updates, writers)))
    }
    const collected = await tooLongIn('prompt', Promise.all(updates.map(collectAnswer)))
    const answers = collected.map((answer, at) => ({ echo: wanted[at]?.echo ?? '', answer }))
    return c.json(toCompletion(head, answers, perPrompt))
  }
