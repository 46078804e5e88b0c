import { z } from 'zod'
import { Timestamp } from '../ids'

const Milliseconds = z.number().nonnegative()
const Tokens = z.number().int().nonnegative()

/** A finished request and where its time went. Contains no prompt and no answer. */
export const RequestRecord = z.object({
  id: z.string(),
  kind: z.enum(['chat', 'text', 'embed']),
  /** Model name as the client sent it. */
  model: z.string(),
  /** Name of its API key, if it had one. */
  key: z.string().optional(),
  startedAt: Timestamp,
  /** Until a runner started on it: queueing, and waiting for the model to be placed and loaded. */
  waitedMs: Milliseconds,
  /** Prefill: from then to the first token. */
  promptMs: Milliseconds.optional(),
  /** Decode: from the first token to the last. */
  writingMs: Milliseconds.optional(),
  totalMs: Milliseconds,
  promptTokens: Tokens.optional(),
  /** Prompt tokens that came from the KV cache. */
  cachedTokens: Tokens.optional(),
  completionTokens: Tokens.optional(),
  outcome: z.enum(['done', 'cut', 'cancelled', 'failed']),
  /** Error code of a failure. */
  code: z.string().optional(),
  error: z.string().optional(),
})
export type RequestRecord = z.infer<typeof RequestRecord>

/** `GET /requests`: the last requests that this node took, newest first. */
export const RequestsResponse = z.object({ requests: z.array(RequestRecord) })

/** `GET /support_bundle`: diagnostics for support, without secrets and prompts. */
export const SupportBundle = z.object({
  format: z.literal('muster-support'),
  version: z.string(),
  madeAt: z.iso.datetime(),
  state: z.unknown(),
  cluster: z.unknown(),
  doctor: z.unknown(),
  settings: z.unknown(),
  models: z.unknown(),
  requests: z.array(RequestRecord),
  events: z.array(z.unknown()),
  log: z.array(z.unknown()),
})
export type SupportBundle = z.infer<typeof SupportBundle>
