import { targetOf } from '@core/generation/route'
import type { ModelId } from '@core/ids'
import type { State } from '@core/state/state'

/** A model as a client can ask for it. */
export interface ServedModel {
  /** A model's id, or the name of a declaration. */
  readonly name: string
  readonly modelId: ModelId
  /** Milliseconds since 1970. */
  readonly createdAt: number
}

/** What can be asked for: declarations by model and by name, then instances that nothing keeps. Each name once. */
export const servedModels = (state: State): ServedModel[] => {
  const found = new Map<string, ServedModel>()
  const add = (name: string | undefined, modelId: ModelId, createdAt: number): void => {
    if (name !== undefined && !found.has(name)) found.set(name, { name, modelId, createdAt })
  }
  for (const { modelId, name, createdAt } of Object.values(state.metaInstances)) {
    add(modelId, modelId, createdAt)
    add(name, modelId, createdAt)
  }
  for (const { modelId, createdAt } of Object.values(state.instances)) add(modelId, modelId, createdAt)
  return [...found.values()]
}

/** The model that a client's name stands for; undefined where none is served by it. */
export const servedModel = (state: State, name: string): ServedModel | undefined => {
  const { metaInstances, instances } = targetOf(state, name)
  const [first] = [...metaInstances, ...instances]
  return first && { name, modelId: first.modelId, createdAt: first.createdAt }
}
