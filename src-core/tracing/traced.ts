import type { GenerationUpdate } from '../generation/stream'
import type { Span, SpanOptions, Tracer } from './tracer'

export interface TracedOptions extends SpanOptions {
  readonly name: string
}

type Updates = AsyncIterable<GenerationUpdate>

/**
 * Runs a request within a span that ends with it and records tokens, finish reason or failure, but no content. `run`
 * gets the traceparent to pass on. With the tracer off, it adds nothing.
 */
export const traced = (
  tracer: Tracer,
  { name, ...options }: TracedOptions,
  run: (context: string | undefined) => Updates,
): Updates => (tracer.isOn ? within(tracer.start(name, options), run) : run(options.parent))

async function* within(span: Span, run: (context: string | undefined) => Updates): AsyncGenerator<GenerationUpdate> {
  let failure: string | undefined = 'the reader left before the end'
  try {
    for await (const update of run(span.context)) {
      switch (update.type) {
        case 'finished': {
          const { promptTokens, cachedTokens, completionTokens } = update.usage
          span.set({
            'gen_ai.usage.input_tokens': promptTokens,
            'gen_ai.usage.output_tokens': completionTokens,
            'muster.cached_tokens': cachedTokens,
            'gen_ai.response.finish_reasons': update.reason,
          })
          failure = undefined
          break
        }
        case 'failed':
          span.set({ 'error.type': update.code })
          failure = update.code
          break
        case 'progress':
        case 'delta':
        case 'embeddings':
          break
      }
      yield update
    }
  } finally {
    span.end(failure === undefined ? {} : { failure })
  }
}
