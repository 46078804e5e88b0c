import { ModelId } from '../ids'
import type { State } from './state'

/** Returns the models that are complete on the disk of an online machine, without duplicates, sorted by name. */
export const modelsOnDisk = ({ downloads }: Pick<State, 'downloads'>): ModelId[] => {
  const complete = Object.values(downloads).flatMap((models) =>
    Object.entries(models).flatMap(([modelId, { status }]) => (status === 'Complete' ? modelId : [])),
  )
  return [...new Set(complete)].sort().map((modelId) => ModelId.parse(modelId))
}

/** Whether an online machine has the complete model on its disk. */
export const isOnDisk = ({ downloads }: Pick<State, 'downloads'>, model: string): boolean =>
  Object.values(downloads).some((models) => models[model]?.status === 'Complete')
