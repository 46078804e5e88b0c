import type { ApiRequest, Prompt } from '@core/generation/request'
import { choicesOf } from '../choices'
import { given } from '../given'
import { invalidField } from '../invalid-field'
import { toLimit, toSampling, toStop } from '../sampling'
import { toFormat } from '../structured-output'
import { keptFor } from '../ttl'
import type { CompletionRequest } from './schema'

/** Maximum answers per request: prompts times choices. */
const MAX_ANSWERS = 128
/** OpenAI's default; a base model rarely stops by itself. */
const DEFAULT_MAX_TOKENS = 16

/** One requested answer, and the text it is prefixed with. */
export interface Wanted {
  readonly request: ApiRequest
  readonly echo: string
}

type Given = CompletionRequest['prompt']

const isNumbers = (prompt: Exclude<Given, string>): prompt is number[] => typeof prompt[0] === 'number'

/** The prompts of a request: one or several texts or token lists. */
const promptsOf = (prompt: Given): Exclude<Prompt, { kind: 'chat' | 'embed' }>[] => {
  if (typeof prompt === 'string') return [{ kind: 'text', text: prompt }]
  if (isNumbers(prompt)) return [{ kind: 'tokens', tokens: prompt }]
  return prompt.map((one) => (typeof one === 'string' ? { kind: 'text', text: one } : { kind: 'tokens', tokens: one }))
}

/**
 * Translates an OpenAI request into the internal form: the choices of the first prompt, then those of the next. Throws
 * Problem.
 */
export const toRequests = (body: CompletionRequest): Wanted[] => {
  const prompts = promptsOf(body.prompt)
  const count = body.n ?? 1
  if (prompts.length * count > MAX_ANSWERS)
    throw invalidField('n', `over ${MAX_ANSWERS} answers of all prompts together`)
  if (typeof body.best_of === 'number' && body.best_of !== count)
    throw invalidField('best_of', 'not supported; request all of them with n')
  if (body.echo && typeof body.logprobs === 'number')
    throw invalidField('logprobs', 'not supported with echo: there are no log probabilities of the prompt')
  return prompts.flatMap((prompt) => {
    if (body.echo && prompt.kind === 'tokens')
      throw invalidField('echo', 'not supported with token numbers: only the model’s tokenizer knows their text')
    const request: ApiRequest = {
      model: body.model,
      prompt,
      sampling: toSampling(body),
      stop: toStop(body.stop),
      ...keptFor(body),
      ...given({
        maxTokens: toLimit(body.max_tokens ?? DEFAULT_MAX_TOKENS),
        format: toFormat(body),
        logprobs: body.logprobs,
      }),
    }
    return choicesOf(request, count).map((choice) => ({
      request: choice,
      echo: body.echo && prompt.kind === 'text' ? prompt.text : '',
    }))
  })
}
