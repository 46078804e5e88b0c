import { z } from 'zod'
import { Timestamp } from '../ids'

const Milliseconds = z.number().nonnegative()
const Tokens = z.number().int().nonnegative()

/** A request that has ended, and where its time went. Nothing of what was asked or answered is in it. */
export const RequestRecord = z.object({
  id: z.string(),
  kind: z.enum(['chat', 'text', 'embed']),
  /** As the client called it. */
  model: z.string(),
  /** The name of its API key, where it had one. */
  key: z.string().optional(),
  startedAt: Timestamp,
  /** Until a runner had begun with it: queueing, and waiting for the model to be placed and loaded. */
  waitedMs: Milliseconds,
  /** From there to the first token. */
  promptMs: Milliseconds.optional(),
  /** From the first token to the last. */
  writingMs: Milliseconds.optional(),
  totalMs: Milliseconds,
  promptTokens: Tokens.optional(),
  /** Of the prompt's, that needed no computing. */
  cachedTokens: Tokens.optional(),
  completionTokens: Tokens.optional(),
  outcome: z.enum(['done', 'cut', 'cancelled', 'failed']),
  /** Of a failure. */
  code: z.string().optional(),
  error: z.string().optional(),
})
export type RequestRecord = z.infer<typeof RequestRecord>

/** `GET /requests`: the last ones that this node took, newest first. */
export const RequestsResponse = z.object({ requests: z.array(RequestRecord) })

/** `GET /support_bundle`: what whoever helps needs to see, without secrets and without prompts. */
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
