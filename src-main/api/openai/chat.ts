import { randomUUID } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Context, Handler } from 'hono'
import { textOn, type GenerationUpdate, type LogprobEntry } from '@core/generation/stream'
import { jsonBody, parseWith } from '../body'
import type { ApiContext } from '../context'
import type { ApiEnv } from '../env'
import { openaiError } from '../dialect'
import { failureOf } from '../generation-failure'
import { firstWithin } from '../first-within'
import { ChatCompletionRequest } from './schema'
import { Chunks, toCompletion, toRequest, type Head } from './translate'

/** A stream that has to wait sends its headers after this long, so that clients know it lives. */
const HEADERS_AFTER_MS = 5000
const KEEP_ALIVE_MS = 5000

type ChatContext = Context<ApiEnv>

/** Resolves when the client has read enough for more, or is gone. */
const drained = (out: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      out.off('drain', done)
      out.off('close', done)
      resolve()
    }
    out.on('drain', done)
    out.on('close', done)
    if (!out.writableNeedDrain || out.destroyed) done()
  })

/** Aborts when the client goes away before the answer is complete. */
const clientGone = (out: ServerResponse): AbortSignal => {
  const gone = new AbortController()
  out.on('close', () => gone.abort())
  return gone.signal
}

const whole = async (c: ChatContext, head: Head, updates: AsyncIterable<GenerationUpdate>): Promise<Response> => {
  let text = ''
  let logprobs: LogprobEntry[] | undefined
  for await (const update of updates) {
    switch (update.type) {
      case 'progress':
        break
      case 'embedding':
        break
      case 'delta':
        text += textOn('text', update.content)
        if (update.logprobs) logprobs = [...(logprobs ?? []), ...update.logprobs]
        break
      case 'failed':
        throw failureOf(update)
      case 'finished':
        return c.json(toCompletion(head, { text, logprobs, end: update }))
    }
  }
  throw failureOf({ type: 'failed', code: 'runner_failed', message: 'The runner ended without an answer' })
}

const stream = async (
  c: ChatContext,
  chunks: Chunks,
  updates: AsyncIterable<GenerationUpdate>,
  includeUsage: boolean,
): Promise<Response> => {
  const out = c.env.outgoing
  const iterator = updates[Symbol.asyncIterator]()
  const next = iterator.next()
  // An error that comes soon can still be an honest status code.
  const soon = await firstWithin(next, HEADERS_AFTER_MS)
  if (soon && !soon.done && soon.value.type === 'failed') throw failureOf(soon.value)
  // Not from c.res: looking at it makes Hono write a response of its own.
  const allowed = c.get('allowedOrigin')
  out.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    ...(allowed !== undefined && { 'access-control-allow-origin': allowed }),
  })
  const keepAlive = setInterval(() => out.write(': waiting\n\n'), KEEP_ALIVE_MS)
  let begun = false
  const begin = (): void => {
    if (begun) return
    begun = true
    clearInterval(keepAlive)
    out.write(chunks.begin())
  }
  try {
    for (let result = await next; !result.done; result = await iterator.next()) {
      const update = result.value
      // What a slow client does not read waits where it is bounded.
      if (out.writableNeedDrain) await drained(out)
      switch (update.type) {
        case 'progress':
          break
        case 'embedding':
          break
        case 'delta':
          begin()
          if (update.content.length > 0 || update.logprobs)
            out.write(chunks.delta(textOn('text', update.content), update.logprobs))
          break
        case 'failed':
          out.write(`data: ${JSON.stringify(openaiError(failureOf(update)))}\n\n`)
          break
        case 'finished':
          begin()
          out.write(chunks.end(update.reason))
          if (includeUsage) out.write(chunks.usage(update.usage))
          out.write('data: [DONE]\n\n')
          break
      }
    }
  } finally {
    clearInterval(keepAlive)
    out.end()
  }
  return RESPONSE_ALREADY_SENT
}

/** `POST /v1/chat/completions` */
export const chatCompletions =
  ({ serving }: ApiContext): Handler<ApiEnv> =>
  async (c) => {
    const body = parseWith(ChatCompletionRequest, await jsonBody(c))
    const head: Head = { id: `chatcmpl-${randomUUID()}`, created: Math.floor(Date.now() / 1000), model: body.model }
    const updates = serving.generate(toRequest(body), clientGone(c.env.outgoing))
    if (!body.stream) return whole(c, head, updates)
    const includeUsage = body.stream_options?.include_usage ?? false
    return stream(c, new Chunks(head, includeUsage), updates, includeUsage)
  }
