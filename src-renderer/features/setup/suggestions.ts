import type { RecommendedModel } from '@core/catalogue/recommended-models'
import type { ModelId } from '@core/ids'

/** A model of the hub that is known to be good to begin with. */
export interface Suggestion {
  readonly modelId: ModelId
  readonly title: string
  /** Of its weights. */
  readonly bytes: number
  readonly about: string
}

/** The quantisation that most people take: little is lost by it. */
const USUAL = '4-bit'

/** Each recommended model once: as most people take it, else in its smallest form. */
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
