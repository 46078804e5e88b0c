import { showsPictures } from '@core/generation/conversation'
import type { ApiRequest } from '@core/generation/request'
import type { ModelId } from '@core/ids'
import type { GenerationUpdate } from '@core/generation/stream'
import type { ApiContext } from '../context'
import { modelFinder } from '../model-finder'
import { servable, servedModel, servedModels } from '../served-models'

type Needed = Pick<ApiContext, 'serving' | 'source' | 'catalogue'>

/** Why the model accepts no images, and which models do; undefined if it accepts them or is unknown. */
const refusal = async (context: Needed, model: string): Promise<string | undefined> => {
  const served = servedModel(servable(context), model)
  if (!served) return undefined
  const all = servedModels(servable(context))
  const find = await modelFinder(context, [served.modelId, ...all.map(({ modelId }) => modelId)])
  const sees = (modelId: ModelId): boolean | undefined => {
    const card = find(modelId)?.card
    return card && card.vision === true
  }
  if (sees(served.modelId) !== false) return undefined
  const others = [...new Set(all.filter(({ modelId }) => sees(modelId)).map(({ name }) => name))]
  const instead =
    others.length > 0
      ? `These read pictures: ${others.join(', ')}`
      : 'No model here reads pictures; declare one that does, such as a Qwen2.5-VL or a Gemma 3'
  return `${model} reads text only. ${instead}, or leave the image out`
}

/** Returns the answer to a request, or refuses its images before anything is loaded or computed. */
export async function* answerOf(
  context: Needed,
  request: ApiRequest,
  generate: () => AsyncIterable<GenerationUpdate>,
): AsyncGenerator<GenerationUpdate> {
  if (request.prompt.kind === 'chat' && showsPictures(request.prompt.messages)) {
    const message = await refusal(context, request.model)
    if (message !== undefined) {
      yield { type: 'failed', code: 'unsupported', message }
      return
    }
  }
  yield* generate()
}
