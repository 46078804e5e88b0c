import { NodeId } from '@core/ids'
import type { CatalogueAdapter, CatalogueModel, UnreadableModel } from '@core/protocols/models'
import { nodeName } from '@core/state/bindings'
import { namedModels } from '@core/state/needed-models'
import type { State } from '@core/state/state'
import { statusOf } from '@core/state/status'

/** One line of `muster ls`, and one entry of its JSON. Its fields are documented in docs/cli.md. */
export interface LsRow {
  readonly modelId: string
  /** Size of the weights; absent if unknown. */
  readonly sizeBytes?: number
  readonly quantization?: string
  readonly kind: 'text' | 'embedding' | 'adapter' | 'unknown'
  /** Machines with a complete or partial copy. */
  readonly machines: readonly { nodeId: string; name: string; complete: boolean; downloadedBytes: number }[]
  /** Statuses of the declarations that name it. */
  readonly statuses: readonly string[]
  /** Why it cannot be run. */
  readonly problem?: string
}

export interface Listed {
  readonly models: readonly CatalogueModel[]
  readonly unreadable?: readonly UnreadableModel[] | undefined
  readonly adapters?: readonly CatalogueAdapter[] | undefined
}

const machinesWith = (state: State, modelId: string): LsRow['machines'] =>
  Object.entries(state.downloads).flatMap(([nodeId, models]) => {
    const download = models[modelId]
    if (!download || (download.status !== 'Complete' && download.downloadedBytes === 0)) return []
    const { status, downloadedBytes } = download
    return [{ nodeId, name: nodeName(state, NodeId.parse(nodeId)), complete: status === 'Complete', downloadedBytes }]
  })

const withState = (state: State, modelId: string) => ({
  machines: machinesWith(state, modelId),
  statuses: Object.values(state.metaInstances)
    .filter((declared) => namedModels(declared).some((one) => one === modelId))
    .map((declared) => statusOf(state, declared).status),
})

const whole = (state: State, { modelId, card, quantization, problem }: CatalogueModel): LsRow => ({
  modelId,
  sizeBytes: card.storageBytes,
  ...(quantization !== undefined && { quantization }),
  kind: card.kind ?? 'text',
  ...withState(state, modelId),
  ...(problem !== undefined && { problem }),
})

const adapting = (state: State, { modelId, storageBytes, problem }: CatalogueAdapter): LsRow => ({
  modelId,
  sizeBytes: storageBytes,
  kind: 'adapter',
  ...withState(state, modelId),
  ...(problem !== undefined && { problem }),
})

const partial = (state: State, modelId: string): LsRow => {
  const totals = Object.values(state.downloads).map((models) => models[modelId]?.totalBytes ?? 0)
  const total = Math.max(0, ...totals)
  return { modelId, ...(total > 0 && { sizeBytes: total }), kind: 'unknown', ...withState(state, modelId) }
}

/** All models and adapters on the cluster's disks, including incomplete and damaged ones, by name. */
export const lsRows = (state: State, { models, unreadable = [], adapters = [] }: Listed): LsRow[] => {
  const rows = new Map<string, LsRow>()
  for (const { modelId, problem } of unreadable)
    rows.set(modelId, { modelId, kind: 'unknown', ...withState(state, modelId), problem })
  for (const adapter of adapters) rows.set(adapter.modelId, adapting(state, adapter))
  for (const model of models) rows.set(model.modelId, whole(state, model))
  for (const downloads of Object.values(state.downloads))
    for (const modelId of Object.keys(downloads))
      if (!rows.has(modelId) && machinesWith(state, modelId).length > 0) rows.set(modelId, partial(state, modelId))
  return [...rows.values()].sort((a, b) => (a.modelId < b.modelId ? -1 : 1))
}
