import type { CatalogueModel } from '@core/protocols/models'
import { claimedBytes, freeBytes, neededBytes } from '@core/placement/memory'
import type { State } from '@core/state/state'

/** Declarations of a model that are there already. */
export const keptAs = ({ metaInstances }: Pick<State, 'metaInstances'>, modelId: string) =>
  Object.values(metaInstances).filter((metaInstance) => metaInstance.modelId === modelId)

/**
 * The model to begin the form with where nobody has named one: the first that is not kept running and that the memory of
 * one machine holds, else of all together. Undefined where each is kept already or too large: then a person chooses.
 */
export const firstChoice = (state: State, models: readonly CatalogueModel[]): string | undefined => {
  const claimed = claimedBytes(state)
  const free = Object.values(state.nodes)
    .filter(({ worker, cannotRun }) => worker && cannotRun === undefined)
    .map(({ nodeId }) => freeBytes(state, nodeId, claimed))
  const within = (bytes: number) =>
    models.find(({ modelId, card }) => neededBytes(card) <= bytes && keptAs(state, modelId).length === 0)?.modelId
  return within(Math.max(0, ...free)) ?? within(free.reduce((sum, bytes) => sum + bytes, 0))
}
