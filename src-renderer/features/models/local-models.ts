import { NodeId } from '@core/ids'
import type { CatalogueModel } from '@core/protocols/models'
import { nodeName } from '@core/state/bindings'
import { namedModels, neededModels } from '@core/state/needed-models'
import type { State } from '@core/state/state'
import { shortName } from '../../state/text'
import { t } from '../../state/texts.svelte'

/** A copy of a model on a machine's disk. */
export interface Copy {
  readonly nodeId: NodeId
  readonly machine: string
  /** An instance there uses it, so it cannot be deleted. */
  readonly used: boolean
}

/** A model on the cluster's disks. */
export interface LocalModel {
  readonly model: CatalogueModel
  readonly copies: readonly Copy[]
  /** Names of its declarations, running or not. */
  readonly usedBy: readonly string[]
}

/** Merges models with their copies and users. */
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
    // Unrunnable copies are not in the machines' reports; it is on this page's machine.
    const nodeIds = reported.length === 0 && self !== undefined ? [self] : reported
    // Also as a draft model or an adapter.
    const isUser = (one: Parameters<typeof namedModels>[0]): boolean => namedModels(one).includes(modelId)
    const instances = Object.values(state.instances).filter(isUser)
    const declared = Object.values(state.metaInstances).filter(isUser)
    const loose = instances.filter(({ metaInstanceId }) => metaInstanceId === undefined)
    return {
      model,
      copies: nodeIds.map((nodeId) => ({
        nodeId,
        machine: nodeName(state, nodeId),
        used: instances.some((instance) => neededModels(instance, nodeId).includes(modelId)),
      })),
      usedBy: [...declared.map((one) => one.name ?? shortName(one.modelId)), ...loose.map(() => t('models.looseUser'))],
    }
  })

export const FILTERS = ['fits', 'on disk', 'vision', 'tools', 'thinking', 'favourites'] as const
export type Filter = (typeof FILTERS)[number]

/** Facts that filters test. */
export interface Filterable {
  /** Undefined if unknown. Lazy, because it is expensive. */
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

/** Whether a model passes all filters. */
export const passesAll = (filters: readonly Filter[], model: Filterable): boolean =>
  filters.every((filter) => passes(filter, model))
