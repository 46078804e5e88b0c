import type { Recommendation } from './recommendations'

/**
 * The model that the first step launches: the user's choice, else the recommended one. It stands as long as it can be
 * launched, even if memory becomes free or a model is found: Return must not come to mean another model under the
 * user's hand.
 */
export class ModelPick {
  private picked: string | undefined = $state()
  private stood: string | undefined
  readonly model: Recommendation | undefined = $derived.by(() => {
    const possible = this.possible()
    const wanted = this.picked ?? this.stood
    const model = possible.find(({ modelId }) => modelId === wanted) ?? possible[0]
    if (model) this.stood = model.modelId
    return model
  })

  /** `possible`: the models that can be launched, the recommended one first; none before the list is complete. */
  constructor(private readonly possible: () => readonly Recommendation[]) {}

  choose(modelId: string): void {
    this.picked = modelId
  }
}
