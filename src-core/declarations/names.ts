import type { MetaInstanceId, ModelId } from '../ids'
import type { State } from '../state/state'

/**
 * Ids and names of declarations and ids of models share one namespace: what clients send as `model`. The rules that
 * commands hold, so that a request never goes to another model than it names:
 *
 * 1. A name is no other declaration's name or id, and no model's id.
 * 2. A model is not declared under an id that is a declaration's name.
 * 3. Several declarations of one model may go without names.
 *
 * Ids and names are alike when `nameKey` makes the same of them. A log from before these rules may break them: then an
 * exact id of a model wins over an id of a declaration, and that over a name (generation/route.ts).
 */

/** What is the same to the eye: case, compatible forms and invisible characters make no difference. */
export const nameKey = (text: string): string =>
  text
    .normalize('NFKC')
    .replaceAll(/\p{Default_Ignorable_Code_Point}/gu, '')
    .toLowerCase()
    .normalize('NFKC')

const declaredModels = ({ metaInstances, instances }: State): ModelId[] =>
  [...Object.values(metaInstances), ...Object.values(instances)].map(({ modelId }) => modelId)

/** Why a declaration cannot have this name; undefined where it can. `own` is the declaration that is to have it. */
export const nameProblem = (
  state: State,
  name: string,
  own: { readonly metaInstanceId: MetaInstanceId; readonly modelId: ModelId },
): string | undefined => {
  const key = nameKey(name)
  for (const { metaInstanceId, name: taken } of Object.values(state.metaInstances)) {
    if (metaInstanceId === own.metaInstanceId) continue
    if (taken !== undefined && nameKey(taken) === key)
      return `The name "${name}" is taken by ${metaInstanceId}; choose another one`
    if (nameKey(metaInstanceId) === key)
      return `The name "${name}" is the id of another declaration; choose another one`
  }
  if (nameKey(own.modelId) === key)
    return `The name "${name}" is the id of the model itself, which is asked for by it anyway; leave the name away or choose another one`
  return declaredModels(state).some((modelId) => nameKey(modelId) === key)
    ? `The name "${name}" is the id of a model; choose another one`
    : undefined
}

/** Why nothing can be declared under this id of a model or declaration; undefined where it can. */
export const idProblem = (state: State, id: ModelId | MetaInstanceId, own?: MetaInstanceId): string | undefined => {
  const key = nameKey(id)
  const named = Object.values(state.metaInstances).find(
    ({ metaInstanceId, name }) => metaInstanceId !== own && name !== undefined && nameKey(name) === key,
  )
  return (
    named && `${id} is the name of the declaration ${named.metaInstanceId}, for ${named.modelId}; rename that first`
  )
}
