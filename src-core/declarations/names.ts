import type { MetaInstanceId, ModelId } from '../ids'
import type { MetaInstance } from '../state/meta-instances'
import { servedId } from '../state/needed-models'
import type { State } from '../state/state'

/**
 * Ids and names of declarations and ids of models share one namespace: what clients send as `model`. Commands enforce
 * these rules, so that a request never reaches another model than it names:
 *
 * 1. A name is no other declaration's name or id, and no model's id.
 * 2. A model is not declared under an id that is a declaration's name.
 * 3. Several declarations of one model may have no name.
 *
 * Ids and names are equal if `nameKey` maps them to the same key. Logs from before these rules may break them: then an
 * exact model id takes precedence over a declaration's id, and that over a name (generation/route.ts).
 */

/** Maps names that look alike to the same key: ignores case, compatibility forms and invisible characters. */
export const nameKey = (text: string): string =>
  text
    .normalize('NFKC')
    .replaceAll(/\p{Default_Ignorable_Code_Point}/gu, '')
    .toLowerCase()
    .normalize('NFKC')

/**
 * The declaration that a document is about: the one of its name, or the nameless one of that id, because a document of
 * a nameless declaration has its id in place of a name.
 */
export const declarationOf = <One extends Pick<MetaInstance, 'metaInstanceId' | 'name'>>(
  all: readonly One[],
  documentName: string,
): One | undefined => {
  const key = nameKey(documentName)
  return all.find(({ name, metaInstanceId }) => nameKey(name ?? metaInstanceId) === key)
}

const declaredModels = ({ metaInstances, instances }: State): ModelId[] =>
  [...Object.values(metaInstances), ...Object.values(instances)].map(servedId)

/** Returns why a declaration cannot have this name; undefined if it can. `own` is the declaration to be named. */
export const nameProblem = (
  state: State,
  name: string,
  own: { readonly metaInstanceId: MetaInstanceId; readonly modelId: ModelId; readonly adapterId?: ModelId | undefined },
): string | undefined => {
  const key = nameKey(name)
  for (const { metaInstanceId, name: taken } of Object.values(state.metaInstances)) {
    if (metaInstanceId === own.metaInstanceId) continue
    if (taken !== undefined && nameKey(taken) === key)
      return `The name "${name}" is taken by ${metaInstanceId}; choose another one`
    if (nameKey(metaInstanceId) === key)
      return `The name "${name}" is the id of another declaration; choose another one`
  }
  if (nameKey(servedId(own)) === key)
    return `The name "${name}" is the id of the model itself, which is asked for by it anyway; leave the name away or choose another one`
  return declaredModels(state).some((modelId) => nameKey(modelId) === key)
    ? `The name "${name}" is the id of a model; choose another one`
    : undefined
}

/** Returns why nothing can be declared under this id of a model or declaration; undefined if it can. */
export const idProblem = (state: State, id: ModelId | MetaInstanceId, own?: MetaInstanceId): string | undefined => {
  const key = nameKey(id)
  const named = Object.values(state.metaInstances).find(
    ({ metaInstanceId, name }) => metaInstanceId !== own && name !== undefined && nameKey(name) === key,
  )
  return (
    named && `${id} is the name of the declaration ${named.metaInstanceId}, for ${named.modelId}; rename that first`
  )
}
