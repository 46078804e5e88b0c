import { targetOf, type Target } from '@core/generation/route'
import type { ModelId } from '@core/ids'
import { servedId } from '@core/state/needed-models'
import type { State } from '@core/state/state'

/** A model under a name that clients can request. */
export interface ServedModel {
  /** The id of a model or an adapter, or the name of a declaration. */
  readonly name: string
  readonly modelId: ModelId
  /** Milliseconds since the Unix epoch; 0 for a model that is on disk only. */
  readonly createdAt: number
  /** Declarations or instances that serve it, now or later; empty for a model that is loaded on request. */
  readonly target: Target
}

/** What client names are resolved against. */
export interface Servable {
  readonly state: State
  /** Models on disks that a request loads. */
  readonly loadable: readonly ModelId[]
}

/** The names that a node currently accepts. */
export const servable = ({
  source,
  serving,
}: {
  readonly source: { state(): State }
  readonly serving: { loadable(): readonly ModelId[] }
}): Servable => ({ state: source.state(), loadable: serving.loadable() })

/** Resolves a client's model name; undefined if it is unknown. */
export const servedModel = ({ state, loadable }: Servable, name: string): ServedModel | undefined => {
  const target = targetOf(state, name)
  const [first] = [...target.metaInstances, ...target.instances]
  if (first) return { name, modelId: first.modelId, createdAt: first.createdAt, target }
  const modelId = loadable.find((one) => one === name)
  return modelId && { name, modelId, createdAt: 0, target }
}

/**
 * All available models, each name once: declarations by model and by name, then undeclared instances, then models on
 * disk that are loaded on request.
 */
export const servedModels = (where: Servable): ServedModel[] => {
  const { metaInstances, instances } = where.state
  const names = new Set<string>([
    ...Object.values(metaInstances).flatMap((one) =>
      one.name === undefined ? [servedId(one)] : [servedId(one), one.name],
    ),
    ...Object.values(instances).map(servedId),
    ...where.loadable,
  ])
  return [...names].flatMap((name) => servedModel(where, name) ?? [])
}
