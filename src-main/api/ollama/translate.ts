import type { Message, Reasoning, Tool } from '@core/generation/conversation'
import type { ApiRequest, ChatPrompt, OutputFormat, Prompt, Sampling } from '@core/generation/request'
import { givenBy, toMessages } from './conversation'
import { checkToolNames } from '../answering/tool-names'
import { askedModel } from './model-name'
import { Options, type ChatRequest, type EmbedRequest, type GenerateRequest } from './schema'

const MS_PER_SECOND = 1000

type Generation = Omit<ChatRequest, 'messages' | 'tools'>
type GivenOptions = Generation['options']

/** Unsupported options, for the response header. */
export const ignoredIn = ({ options }: Generation): string[] =>
  Object.keys(options ?? {})
    .filter((name) => !Object.hasOwn(Options.shape, name))
    .map((name) => `options.${name}`)

/** `keep_alive` applies to models loaded on request; declared models stay in memory regardless. */
const keptFor = ({ keep_alive }: Pick<Generation, 'keep_alive'>): Pick<ApiRequest, 'keepAlive'> =>
  typeof keep_alive === 'number' ? { keepAlive: keep_alive / MS_PER_SECOND } : {}

const given = <Value extends object>(values: Value): { [Key in keyof Value]?: NonNullable<Value[Key]> } =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined && value !== null)) as {
    [Key in keyof Value]?: NonNullable<Value[Key]>
  }

const toSampling = (options: GivenOptions): Sampling => {
  const { temperature, top_p: topP, top_k, min_p: minP, seed, repeat_penalty: repetitionPenalty } = options ?? {}
  const { presence_penalty: presencePenalty, frequency_penalty: frequencyPenalty } = options ?? {}
  // Values below one disable top-k.
  const topK = typeof top_k === 'number' ? Math.max(0, top_k) : undefined
  return given({ temperature, topP, topK, minP, seed, repetitionPenalty, presencePenalty, frequencyPenalty })
}

const toStops = (stop: NonNullable<GivenOptions>['stop']): string[] =>
  (typeof stop === 'string' ? [stop] : (stop ?? [])).filter((one) => one !== '')

const toReasoning = (think: Generation['think']): Reasoning | undefined => {
  if (typeof think === 'boolean') return { enabled: think }
  return think ? { enabled: true, effort: think } : undefined
}

/** As in Ollama, a schema is enforced as far as a grammar can express it. */
const toFormat = (format: Generation['format']): OutputFormat | undefined => {
  if (!format) return undefined
  return format === 'json' ? { kind: 'json' } : { kind: 'jsonSchema', schema: format, lenient: true }
}

const withPrompt = (body: Generation, prompt: Prompt): ApiRequest => {
  const limit = body.options?.num_predict
  return {
    model: askedModel(body),
    prompt,
    sampling: toSampling(body.options),
    stop: toStops(body.options?.stop),
    ...keptFor(body),
    ...given({
      // Some clients send 0 for an absent value.
      maxTokens: limit && limit > 0 ? limit : undefined,
      format: toFormat(body.format),
      logprobs: body.logprobs ? (body.top_logprobs ?? 0) : undefined,
    }),
  }
}

const chatPrompt = (messages: Message[], { think }: Generation): ChatPrompt => {
  const reasoning = toReasoning(think)
  const last = messages.at(-1)
  const end = last?.role === 'assistant' ? last.parts.at(-1) : undefined
  const continueLast = end?.type === 'text' && end.text.trim() !== ''
  return { kind: 'chat', messages, ...(reasoning && { reasoning }), ...(continueLast && { continueLast }) }
}

const toTools = (tools: ChatRequest['tools']): Tool[] =>
  (tools ?? []).map(({ function: { name, description, parameters } }) => ({
    name,
    ...(description && { description }),
    ...(parameters && { parameters }),
  }))

/** Translates an Ollama chat into the internal form. Throws Problem. */
export const chatToRequest = (body: ChatRequest): ApiRequest => {
  const tools = toTools(body.tools)
  checkToolNames(tools)
  const prompt = chatPrompt(toMessages(body.messages ?? []), body)
  return withPrompt(body, { ...prompt, ...(tools.length > 0 && { tools }) })
}

/** Translates an Ollama prompt: a conversation of one message, or with `raw` the bare text. Throws Problem. */
export const generateToRequest = (body: GenerateRequest): ApiRequest => {
  const text = body.prompt ?? ''
  if (body.raw) return withPrompt(body, { kind: 'text', text })
  const system: Message[] = body.system ? [{ role: 'system', parts: [{ type: 'text', text: body.system }] }] : []
  const user: Message = { role: 'user', parts: givenBy(text, body.images ?? []) }
  return withPrompt(body, chatPrompt([...system, user], body))
}

/** A minimal request that loads the model and waits until it can serve. */
export const loadRequest = (body: Generation): ApiRequest => ({
  model: askedModel(body),
  ...keptFor(body),
  prompt: { kind: 'text', text: 'load' },
  sampling: {},
  stop: [],
  countOnly: true,
  maxTokens: 1,
})

/** The inputs to embed. Throws Problem. */
export const embedToRequest = (body: Omit<EmbedRequest, 'input'>, texts: readonly string[]): ApiRequest => ({
  model: askedModel(body),
  ...keptFor(body),
  prompt: {
    kind: 'embed',
    inputs: [...texts],
    truncate: body.truncate ?? true,
    ...(typeof body.dimensions === 'number' && { dimensions: body.dimensions }),
  },
  sampling: {},
  stop: [],
})
