import type { RecommendedModel } from '@core/catalogue/recommended-models'

/** A model with its quantisations, smallest first. */
export interface Recommendation {
  readonly title: string
  readonly family: string
  readonly abilities: RecommendedModel['abilities']
  readonly contextLength: number
  readonly quantizations: readonly RecommendedModel[]
}

/** Grouped by title, in file order. */
export const recommendationsOf = (models: readonly RecommendedModel[]): readonly Recommendation[] => {
  const titles = [...new Set(models.map(({ title }) => title))]
  return titles.flatMap((title) => {
    const quantizations = models.filter((model) => model.title === title).sort((a, b) => a.sizeBytes - b.sizeBytes)
    const [first] = quantizations
    if (!first) return []
    const { family, abilities, contextLength } = first
    return [{ title, family, abilities, contextLength, quantizations }]
  })
}

/** The largest quantisation that fits, or the smallest if none does. */
export const bestFitting = (
  { quantizations }: Recommendation,
  fits: (sizeBytes: number) => boolean,
): RecommendedModel | undefined => quantizations.filter(({ sizeBytes }) => fits(sizeBytes)).at(-1) ?? quantizations[0]

/** The hub id in the text, given as `OWNER/NAME` or as a URL; undefined if there is none. */
export const hubIdIn = (words: string): string | undefined =>
  /^(?:https?:\/\/)?(?:www\.)?(?:huggingface\.co\/|hf\.co\/)?([\w.-]{1,96}\/[\w.-]{1,96})(?:\/(?:tree|blob)\/.*)?\/?$/.exec(
    words.trim(),
  )?.[1]
