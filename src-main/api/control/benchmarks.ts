import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { Hono } from 'hono'
import { BenchmarkRequest } from '@core/protocols/benchmark'
import { targetOf } from '@core/generation/route'
import { camelCased, jsonBody, parseWith } from '../body'
import type { ApiContext, WantedBenchmark } from '../context'
import type { ApiEnv } from '../env'
import { Problem } from '../problem'
import { beginEvents, headOfEvents } from './event-stream'
import { usableCard } from './views'

const MAX_UNREAD_BYTES = 1024 * 1024

/** Resolves the benchmark target and its card. Throws Problem if it is neither declared nor an instance. */
const wantedFrom = async (context: ApiContext, request: BenchmarkRequest): Promise<WantedBenchmark> => {
  const { metaInstances, instances } = targetOf(context.source.state(), request.model)
  const [first] = [...metaInstances, ...instances]
  if (!first)
    throw new Problem(404, 'not_found', `There is no declaration called ${request.model}`, {
      hint: 'GET /meta_instances lists the declarations; declare the model first.',
      param: 'model',
    })
  const { modelId } = first
  const card = await usableCard(context, modelId)
  if (card.kind === 'embedding')
    throw new Problem(400, 'unsupported', `${modelId} is an embedding model: a benchmark measures text generation`, {
      hint: 'Choose a model that generates text.',
      param: 'model',
    })
  return { ...request, modelId, card }
}

/** The declared name of the model, else its id. */
const labelOf = ({ source }: ApiContext, { model, modelId }: WantedBenchmark): string =>
  targetOf(source.state(), model).metaInstances[0]?.name ?? modelId

/** Benchmarks of models where they run, with progress as server-sent events. */
export const benchmarkRoutes = (context: ApiContext): Hono<ApiEnv> => {
  const { benchmarks } = context
  const routes = new Hono<ApiEnv>()

  routes.get('/benchmarks', (c) => c.json({ benchmarks: benchmarks.list() }))

  routes.get('/benchmarks/plan', async (c) => {
    const wanted = await wantedFrom(context, parseWith(BenchmarkRequest, c.req.query()))
    return c.json(benchmarks.plan(wanted))
  })

  routes.post('/benchmarks', async (c) => {
    const request = parseWith(BenchmarkRequest, camelCased(await jsonBody(c)))
    const wanted = await wantedFrom(context, request)
    if (benchmarks.list()[0]?.state === 'running')
      throw new Problem(409, 'conflict', 'A benchmark is running already', {
        hint: 'Wait for it, or cancel it: DELETE /benchmarks/running.',
      })
    const begun = benchmarks.start(wanted)
    if (!begun)
      throw new Problem(
        503,
        'model_unavailable',
        `${labelOf(context, wanted)} is not ready, so there is nothing to measure`,
        {
          hint: 'Wait until it is READY.',
          retryAfter: 5,
        },
      )
    return c.json(begun, 202)
  })

  routes.delete('/benchmarks/running', async (c) => {
    await benchmarks.cancel()
    return c.json({ benchmarks: benchmarks.list() })
  })

  routes.get('/benchmarks/events', headOfEvents, (c) => {
    const events = beginEvents(c, MAX_UNREAD_BYTES)
    const send = (): void => events.send(`data: ${JSON.stringify({ benchmarks: benchmarks.list() })}`)
    send()
    events.onClose(benchmarks.subscribe(send))
    return RESPONSE_ALREADY_SENT
  })
  return routes
}
