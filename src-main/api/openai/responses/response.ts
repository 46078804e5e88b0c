import type { FinishReason, Usage } from '@core/generation/stream'
import type { Head } from '../head'
import type { OutputItem } from './output-items'
import type { ResponseRequest } from './schema'

export type Status = 'in_progress' | 'completed' | 'incomplete' | 'cancelled' | 'failed'

/** A response in OpenAI's format; streams send it at their beginning and end. */
export interface ResponseObject {
  readonly id: string
  readonly object: 'response'
  readonly status: Status
  readonly output: readonly OutputItem[]
  readonly [field: string]: unknown
}

export const STATUS_OF = {
  stop: 'completed',
  toolCalls: 'completed',
  length: 'incomplete',
  cancelled: 'cancelled',
} as const satisfies Record<FinishReason, Status>

export const toUsage = ({ promptTokens, cachedTokens, completionTokens, reasoningTokens }: Usage): object => ({
  input_tokens: promptTokens,
  input_tokens_details: { cached_tokens: cachedTokens },
  output_tokens: completionTokens,
  output_tokens_details: { reasoning_tokens: reasoningTokens ?? 0 },
  total_tokens: promptTokens + completionTokens,
})

export interface Progress {
  readonly status: Status
  readonly output: readonly OutputItem[]
  readonly usage?: Usage
  readonly error?: { readonly code: string; readonly message: string }
}

/** Fields that stay the same for the whole life of a response. */
export const responseOf = (
  { id, created, model }: Head,
  body: ResponseRequest,
): ((progress: Progress) => ResponseObject) => {
  const tools = (body.tools ?? []).filter(({ type }) => type !== 'foreign')
  return ({ status, output, usage, error }) => ({
    id,
    object: 'response',
    created_at: created,
    status,
    error: error ?? null,
    incomplete_details: status === 'incomplete' ? { reason: 'max_output_tokens' } : null,
    instructions: body.instructions ?? null,
    max_output_tokens: body.max_output_tokens ?? null,
    metadata: body.metadata ?? {},
    model,
    output,
    parallel_tool_calls: body.parallel_tool_calls ?? true,
    previous_response_id: body.previous_response_id ?? null,
    reasoning: { effort: body.reasoning?.effort ?? null, summary: null },
    store: body.store ?? true,
    temperature: body.temperature ?? null,
    text: { format: body.text?.format ?? { type: 'text' } },
    tool_choice: body.tool_choice ?? 'auto',
    tools,
    top_p: body.top_p ?? null,
    truncation: 'disabled',
    usage: usage ? toUsage(usage) : null,
  })
}
