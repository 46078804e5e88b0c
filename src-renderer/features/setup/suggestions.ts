import type { RecommendedModel } from '@core/catalogue/recommended-models'
import type { ModelId } from '@core/ids'

/** A hub model known to be a good start. */
export interface Suggestion {
  readonly modelId: ModelId
  readonly title: string
  /** Size of its weights. */
  readonly bytes: number
  readonly about: string
}

/** The most common quantisation, with little loss of quality. */
const USUAL = '4-bit'

/** One entry per recommended model: 4-bit if available, else its smallest form. */
export const suggestionsFrom = (models: readonly RecommendedModel[]): readonly Suggestion[] => {
  const titles = [...new Set(models.map(({ title }) => title))]
  return titles.flatMap((title) => {
    const forms = models.filter((model) => model.title === title).sort((a, b) => a.sizeBytes - b.sizeBytes)
    const form = forms.find(({ quantization }) => quantization === USUAL) ?? forms[0]
    if (!form) return []
    const { modelId, sizeBytes: bytes, quantization, abilities } = form
    return [{ modelId, title, bytes, about: [quantization, ...abilities].join(' · ') }]
  })
}
