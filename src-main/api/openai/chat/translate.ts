import type { Reasoning, Tool } from '@core/generation/conversation'
import type { ApiRequest, ChatPrompt } from '@core/generation/request'
import { customTool } from '../custom-tools'
import { given } from '../given'
import { invalidField } from '../invalid-field'
import { reasoningOf } from '../reasoning'
import { toLimit, toSampling, toStop } from '../sampling'
import { toFormat } from '../structured-output'
import { keptFor } from '../ttl'
import { chosenTools, toTool, type Choice } from '../tools'
import { toMessages } from './conversation'
import type { ChatCompletionRequest } from './schema'

/** Unsupported tools of the request, for the response header. */
export const ignoredTools = ({ tools }: ChatCompletionRequest): string[] =>
  (tools ?? []).flatMap((tool) => ('function' in tool || 'custom' in tool ? [] : [`tools.${tool.type}`]))

/** Names of the request's custom tools; their calls are returned in the custom form. */
export const customTools = ({ tools }: ChatCompletionRequest): ReadonlySet<string> =>
  new Set((tools ?? []).flatMap((tool) => ('custom' in tool ? [tool.custom.name] : [])))

/** Whether the client uses the legacy `functions` form; it is answered in the same form. */
export const usesLegacyFunctions = ({ tools, functions }: ChatCompletionRequest): boolean =>
  (tools ?? []).length === 0 && (functions ?? []).length > 0

const toolsOf = (body: ChatCompletionRequest): Tool[] =>
  usesLegacyFunctions(body)
    ? (body.functions ?? []).map(toTool)
    : (body.tools ?? []).flatMap((tool) => {
        if ('function' in tool) return [toTool(tool.function)]
        return 'custom' in tool
          ? [customTool({ ...tool.custom, grammar: tool.custom.format?.grammar?.definition })]
          : []
      })

const choiceOf = ({ tool_choice, function_call }: ChatCompletionRequest): Choice => {
  const choice = tool_choice ?? function_call ?? 'auto'
  if (typeof choice === 'string') return { kind: choice }
  if ('name' in choice) return { kind: 'named', name: choice.name }
  if (choice.type === 'function') return { kind: 'named', name: choice.function.name }
  if (choice.type === 'custom') return { kind: 'named', name: choice.custom.name }
  const { mode, tools } = choice.allowed_tools
  return { kind: 'allowed', mode, names: tools.flatMap((tool) => tool.function?.name ?? tool.custom?.name ?? []) }
}

/** Merges the various reasoning options of clients; of contradicting ones the more explicit wins. */
const toReasoning = (body: ChatCompletionRequest): Reasoning => {
  const { reasoning, thinking, chat_template_kwargs: variables } = body
  const ofThinking = { enabled: true, disabled: false }[thinking?.type ?? '']
  const ofTemplate = variables?.['enable_thinking'] ?? variables?.['thinking']
  return {
    ...reasoningOf(body.reasoning_effort ?? reasoning?.effort),
    ...given({
      maxTokens: reasoning?.max_tokens,
      enabled:
        body.enable_thinking ??
        (typeof ofTemplate === 'boolean' ? ofTemplate : undefined) ??
        reasoning?.enabled ??
        ofThinking,
    }),
  }
}

/**
 * Whether to continue a final assistant message. OpenAI starts a new one, so this needs an explicit option: vLLM's
 * `continue_final_message`, `add_generation_prompt: false`, or `prefix` in the message.
 */
const continuesLast = (body: ChatCompletionRequest): boolean => {
  const last = body.messages.at(-1)
  const isAssistant = last?.role === 'assistant'
  if (body.continue_final_message && !isAssistant)
    throw invalidField('continue_final_message', 'the last message is not the assistant’s')
  if (!isAssistant) return false
  return (body.continue_final_message ?? last.prefix) === true || body.add_generation_prompt === false
}

const toPrompt = (body: ChatCompletionRequest): ChatPrompt => {
  const reasoning = toReasoning(body)
  return {
    kind: 'chat',
    messages: toMessages(body.messages),
    ...chosenTools(toolsOf(body), choiceOf(body), body.tool_choice ? 'tool_choice' : 'function_call'),
    // The legacy form has room for one call.
    ...((body.parallel_tool_calls === false || usesLegacyFunctions(body)) && { singleToolCall: true }),
    ...(Object.keys(reasoning).length > 0 && { reasoning }),
    ...(continuesLast(body) && { continueLast: true }),
    ...(body.chat_template_kwargs && { templateArguments: body.chat_template_kwargs }),
  }
}

/** Translates an OpenAI request into the internal form, for one of its choices. Throws Problem. */
export const toRequest = (body: ChatCompletionRequest): ApiRequest => {
  if (body.top_logprobs && !body.logprobs) throw invalidField('top_logprobs', 'needs "logprobs": true')
  return {
    model: body.model,
    prompt: toPrompt(body),
    sampling: toSampling(body),
    stop: toStop(body.stop),
    ...keptFor(body),
    ...given({
      maxTokens: toLimit(body.max_completion_tokens) ?? toLimit(body.max_tokens),
      format: toFormat(body),
      logprobs: body.logprobs ? (body.top_logprobs ?? 0) : undefined,
    }),
  }
}
