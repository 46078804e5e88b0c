import { ModelId } from '../ids'
import type { State } from './state'

/** The models that lie complete on the disk of a machine that is there, each once, by name. */
export const modelsOnDisk = ({ downloads }: Pick<State, 'downloads'>): ModelId[] => {
  const complete = Object.values(downloads).flatMap((models) =>
    Object.entries(models).flatMap(([modelId, { status }]) => (status === 'Complete' ? modelId : [])),
  )
  return [...new Set(complete)].sort().map((modelId) => ModelId.parse(modelId))
}

/** Whether a machine that is there has all of it on its disk. */
export const isOnDisk = ({ downloads }: Pick<State, 'downloads'>, model: string): boolean =>
  Object.values(downloads).some((models) => models[model]?.status === 'Complete')
