import { z } from 'zod'
import { ImagePart, Tool as InternalTool, ToolCallPart } from '@core/generation/conversation'
import { MAX_EMBED_INPUTS, MAX_STOPS, Seed } from '@core/generation/request'
import { ArgumentsText } from '../json-depth'
import { RequestedModel } from '../requested-model'
import { KeepAlive } from './keep-alive'

const JsonObject = z.record(z.string(), z.unknown())

/** Clients add Ollama's default tag to untagged names; older ones call the field `name`. */
const named = { model: RequestedModel.nullish(), name: RequestedModel.nullish() }

const Image = ImagePart.shape.data

/**
 * Options that affect generation; options that only matter to llama.cpp are ignored and listed in the response header.
 */
export const Options = z.object({
  /** −1 and −2 mean no limit but the context. */
  num_predict: z.number().int().min(-2).nullish(),
  temperature: z.number().min(0).max(10).nullish(),
  top_k: z.number().int().nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  min_p: z.number().min(0).max(1).nullish(),
  seed: Seed.nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(MAX_STOPS)]).nullish(),
  repeat_penalty: z.number().positive().max(10).nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
})

/** Fields shared by chat and generate. */
const generation = {
  ...named,
  stream: z.boolean().nullish(),
  think: z.union([z.boolean(), z.enum(['low', 'medium', 'high'])]).nullish(),
  format: z.union([z.enum(['json', '']), JsonObject]).nullish(),
  options: z.looseObject(Options.shape).nullish(),
  keep_alive: KeepAlive.nullish(),
  logprobs: z.boolean().nullish(),
  top_logprobs: z.number().int().min(0).max(20).nullish(),
}

const ToolCall = z.object({
  id: ToolCallPart.shape.id.nullish(),
  function: z.object({
    name: ToolCallPart.shape.name,
    arguments: z.union([JsonObject, ArgumentsText]).nullish(),
  }),
})

const Message = z.object({
  role: z.enum(['system', 'developer', 'user', 'assistant', 'tool']),
  content: z.string().nullish(),
  thinking: z.string().nullish(),
  images: z.array(Image).nullish(),
  tool_calls: z.array(ToolCall).nullish(),
  tool_name: z.string().max(200).nullish(),
  tool_call_id: ToolCallPart.shape.id.nullish(),
})
export type Message = z.infer<typeof Message>

const Tool = z.object({
  type: z.literal('function').nullish(),
  function: z.object({
    name: InternalTool.shape.name,
    description: z.string().nullish(),
    parameters: JsonObject.nullish(),
  }),
})

/** `POST /api/chat`, see https://github.com/ollama/ollama/blob/main/docs/api.md */
export const ChatRequest = z.object({
  ...generation,
  messages: z.array(Message).nullish(),
  tools: z.array(Tool).nullish(),
})
export type ChatRequest = z.infer<typeof ChatRequest>

/** `POST /api/generate` */
export const GenerateRequest = z.object({
  ...generation,
  prompt: z.string().nullish(),
  system: z.string().nullish(),
  images: z.array(Image).nullish(),
  /** Sends the prompt as it is, without the model's chat template. */
  raw: z.boolean().nullish(),
  suffix: z.string().max(0, { error: 'not supported: text cannot be inserted before a suffix' }).nullish(),
})
export type GenerateRequest = z.infer<typeof GenerateRequest>

/** `POST /api/embed` */
export const EmbedRequest = z.object({
  ...named,
  input: z.union([z.string(), z.array(z.string()).max(MAX_EMBED_INPUTS)]),
  /** Truncates inputs longer than the context; with `false` they are refused. */
  truncate: z.boolean().nullish(),
  dimensions: z.number().int().positive().nullish(),
  keep_alive: KeepAlive.nullish(),
})
export type EmbedRequest = z.infer<typeof EmbedRequest>

/** `POST /api/embeddings`, the legacy form. */
export const EmbeddingsRequest = z.object({ ...named, prompt: z.string(), keep_alive: KeepAlive.nullish() })

/** `POST /api/show` */
export const ShowRequest = z.object({ ...named, verbose: z.boolean().nullish() })

/** `POST /api/pull`. `insecure` has no effect. */
export const PullRequest = z.object({ ...named, stream: z.boolean().nullish(), insecure: z.unknown().optional() })

/** `DELETE /api/delete` */
export const DeleteRequest = z.object(named)
