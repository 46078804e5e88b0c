import type { RecommendedModel } from '@core/catalogue/recommended-models'

/** A model with all its quantisations, the smallest first. */
export interface Recommendation {
  readonly title: string
  readonly family: string
  readonly abilities: RecommendedModel['abilities']
  readonly contextLength: number
  readonly quantizations: readonly RecommendedModel[]
}

/** By title, in the order of the file. */
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

/** The best that fits: the largest quantisation, or the smallest of all where none does. */
export const bestFitting = (
  { quantizations }: Recommendation,
  fits: (sizeBytes: number) => boolean,
): RecommendedModel | undefined => quantizations.filter(({ sizeBytes }) => fits(sizeBytes)).at(-1) ?? quantizations[0]

/** Whether the words are the id of a model on the hub: `OWNER/NAME`, or its address. */
export const hubIdIn = (words: string): string | undefined =>
  /^(?:https?:\/\/)?(?:www\.)?(?:huggingface\.co\/|hf\.co\/)?([\w.-]{1,96}\/[\w.-]{1,96})(?:\/(?:tree|blob)\/.*)?\/?$/.exec(
    words.trim(),
  )?.[1]
