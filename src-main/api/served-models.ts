import { targetOf, type Target } from '@core/generation/route'
import type { ModelId } from '@core/ids'
import { servedId } from '@core/state/needed-models'
import type { State } from '@core/state/state'

/** A model as a client can ask for it. */
export interface ServedModel {
  /** The id of a model or an adapter, or the name of a declaration. */
  readonly name: string
  readonly modelId: ModelId
  /** Milliseconds since 1970; 0 for one that is on disk only. */
  readonly createdAt: number
  /** What serves it now or will; nothing of one that is loaded when it is asked for. */
  readonly target: Target
}

/** Where a client's names are looked up. */
export interface Servable {
  readonly state: State
  /** Models on disks that a request loads. */
  readonly loadable: readonly ModelId[]
}

/** What a node can be asked for now. */
export const servable = ({
  source,
  serving,
}: {
  readonly source: { state(): State }
  readonly serving: { loadable(): readonly ModelId[] }
}): Servable => ({ state: source.state(), loadable: serving.loadable() })

/** The model that a client's name stands for; undefined where none is served by it. */
export const servedModel = ({ state, loadable }: Servable, name: string): ServedModel | undefined => {
  const target = targetOf(state, name)
  const [first] = [...target.metaInstances, ...target.instances]
  if (first) return { name, modelId: first.modelId, createdAt: first.createdAt, target }
  const modelId = loadable.find((one) => one === name)
  return modelId && { name, modelId, createdAt: 0, target }
}

/**
 * All that can be asked for, each name once: declarations by model and by name, then instances that nothing keeps, then
 * what lies on a disk and is loaded on request.
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
