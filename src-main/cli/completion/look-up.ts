import { modelsOnDisk } from '@core/state/on-disk'
import type { State } from '@core/state/state'
import { NodeApi } from '../api/node-api'
import { readState } from '../api/state'
import type { Kind, LookUp } from './candidates'

const declarations = ({ metaInstances }: State): string[] =>
  Object.values(metaInstances).map(({ name, modelId }) => name ?? modelId)

const namesIn = (state: State, kind: Kind): readonly string[] => {
  switch (kind) {
    case 'declarations':
      return declarations(state)
    case 'models':
      return [...declarations(state), ...modelsOnDisk(state)]
    case 'machines':
      return Object.values(state.members).map(({ friendlyName }) => friendlyName)
    case 'keys':
      return Object.values(state.apiKeys).map(({ name }) => name)
  }
}

/** Asks the node given by the environment. Without one there are no completions and no error. */
export const lookUp: LookUp = async (kind) => {
  try {
    return namesIn(await readState(new NodeApi({})), kind)
  } catch {
    return []
  }
}
