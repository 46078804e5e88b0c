import { z } from 'zod'
import { MAX_STOPS, Sampling, Seed } from '@core/generation/request'
import { given } from './given'

/** Maximum tokens of an answer. Some clients write -1 for an absent value. */
export const TokenLimit = z
  .number()
  .int()
  .min(-1)
  .refine((limit) => limit !== 0, { error: 'must be at least 1; omit it for no limit' })

/** Sampling fields shared by chat completions and completions. */
export const samplingFields = {
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  /** vLLM's -1 means no limit. */
  top_k: z.number().int().min(-1).nullish(),
  min_p: z.number().min(0).max(1).nullish(),
  repetition_penalty: z.number().positive().max(10).nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  logit_bias: Sampling.shape.logitBias.unwrap().nullish(),
  seed: Seed.nullish(),
  /** vLLM's field, for benchmarks that need answers of equal length. */
  ignore_eos: z.boolean().nullish(),
}

type SamplingFields = z.infer<z.ZodObject<typeof samplingFields>>

export const toSampling = (body: SamplingFields): Sampling =>
  given({
    temperature: body.temperature,
    topP: body.top_p,
    topK: body.top_k === -1 ? 0 : body.top_k,
    minP: body.min_p,
    repetitionPenalty: body.repetition_penalty,
    frequencyPenalty: body.frequency_penalty,
    presencePenalty: body.presence_penalty,
    logitBias: body.logit_bias,
    seed: body.seed,
    ignoreEos: body.ignore_eos,
  })

/** The given limit; undefined for -1 and null. */
export const toLimit = (limit: number | null | undefined): number | undefined =>
  limit === -1 ? undefined : (limit ?? undefined)

export const Stop = z.union([z.string(), z.array(z.string()).max(MAX_STOPS)])

/** Drops empty stop strings, which have no effect. */
export const toStop = (stop: z.infer<typeof Stop> | null | undefined): string[] =>
  (typeof stop === 'string' ? [stop] : (stop ?? [])).filter((text) => text !== '')
