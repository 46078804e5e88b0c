import type { CatalogueModel } from '@core/protocols/models'
import { claimedBytes, freeBytes, neededBytes } from '@core/placement/memory'
import type { State } from '@core/state/state'
import { usableMachines } from '../fits/usable-machines'

/** Existing declarations of a model. */
export const keptAs = ({ metaInstances }: Pick<State, 'metaInstances'>, modelId: string) =>
  Object.values(metaInstances).filter((metaInstance) => metaInstance.modelId === modelId)

/**
 * The form's default model: the first undeclared one that fits on one machine, else on all together. Undefined if there
 * is none; then the user chooses.
 */
export const firstChoice = (state: State, models: readonly CatalogueModel[]): string | undefined => {
  const claimed = claimedBytes(state)
  const free = usableMachines(state).map(({ nodeId }) => freeBytes(state, nodeId, claimed))
  const within = (bytes: number) =>
    models.find(({ modelId, card }) => neededBytes(card) <= bytes && keptAs(state, modelId).length === 0)?.modelId
  return within(Math.max(0, ...free)) ?? within(free.reduce((sum, bytes) => sum + bytes, 0))
}
