import { NodeId } from '@core/ids'
import type { CatalogueModel } from '@core/protocols/models'
import { nodeName } from '@core/state/bindings'
import type { State } from '@core/state/state'
import { shortName } from '../../state/text'
import { t } from '../../state/texts.svelte'

/** A copy of a model on a machine's disk. */
export interface Copy {
  readonly nodeId: NodeId
  readonly machine: string
  /** An instance there uses it, so it cannot be deleted now. */
  readonly used: boolean
}

/** A model that lies on the disks of this cluster. */
export interface LocalModel {
  readonly model: CatalogueModel
  readonly copies: readonly Copy[]
  /** The names of what keeps it running, or would. */
  readonly usedBy: readonly string[]
}

/** Where each lies and who uses it. */
export const localModels = (
  state: State,
  models: readonly CatalogueModel[],
  self: NodeId | undefined,
): readonly LocalModel[] =>
  models.map((model) => {
    const { modelId } = model
    const reported = Object.entries(state.downloads).flatMap(([node, files]) =>
      files[modelId]?.status === 'Complete' ? [NodeId.parse(node)] : [],
    )
    // A copy that cannot be run is not reported; it lies here all the same.
    const nodeIds = reported.length === 0 && self !== undefined ? [self] : reported
    const instances = Object.values(state.instances).filter((instance) => instance.modelId === modelId)
    const declared = Object.values(state.metaInstances).filter((one) => one.modelId === modelId)
    const loose = instances.filter(({ metaInstanceId }) => metaInstanceId === undefined)
    return {
      model,
      copies: nodeIds.map((nodeId) => ({
        nodeId,
        machine: nodeName(state, nodeId),
        used: instances.some(({ shards }) => shards.some((shard) => shard.nodeId === nodeId)),
      })),
      usedBy: [...declared.map(({ name }) => name ?? shortName(modelId)), ...loose.map(() => t('models.looseUser'))],
    }
  })

export const FILTERS = ['fits', 'on disk', 'vision', 'tools', 'thinking', 'favourites'] as const
export type Filter = (typeof FILTERS)[number]

/** What a filter looks at. */
export interface Filterable {
  /** Undefined where nobody knows. Asked only where it matters. */
  readonly fits: () => boolean | undefined
  readonly onDisk: boolean
  readonly abilities: readonly string[]
  readonly favourite: boolean
}

const passes = (filter: Filter, { fits, onDisk, abilities, favourite }: Filterable): boolean => {
  switch (filter) {
    case 'fits':
      return fits() !== false
    case 'on disk':
      return onDisk
    case 'vision':
    case 'tools':
    case 'thinking':
      return abilities.includes(filter)
    case 'favourites':
      return favourite
  }
}

/** Whether it passes all of them. */
export const passesAll = (filters: readonly Filter[], model: Filterable): boolean =>
  filters.every((filter) => passes(filter, model))
