import type { ApiRequest } from '@core/generation/request'
import type { ApiContext } from '../context'
import { modelFinder } from '../model-finder'
import { servable, servedModel } from '../served-models'

type Needed = Pick<ApiContext, 'serving' | 'source' | 'catalogue'>

const asksForThought = ({ prompt }: ApiRequest): boolean => {
  const reasoning = prompt.kind === 'chat' ? prompt.reasoning : undefined
  return (
    reasoning !== undefined &&
    (reasoning.enabled ?? (reasoning.effort !== undefined || reasoning.maxTokens !== undefined))
  )
}

/**
 * Returns request fields that ask for reasoning although the model has none, for the response header. Empty if the
 * model is unknown, or its card says too little.
 *
 * @param fields by name, as the client sent them
 */
export const ignoredThinking = async (
  context: Needed,
  request: ApiRequest,
  fields: Readonly<Record<string, unknown>>,
): Promise<string[]> => {
  if (!asksForThought(request)) return []
  const served = servedModel(servable(context), request.model)
  if (!served) return []
  const abilities = (await modelFinder(context, [served.modelId]))(served.modelId)?.abilities
  if (abilities === undefined || abilities.includes('thinking')) return []
  return Object.keys(fields).filter((name) => fields[name] !== undefined && fields[name] !== null)
}
