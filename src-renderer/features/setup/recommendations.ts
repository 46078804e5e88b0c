import { claimedBytes, freeBytes, neededBytes, SPARE_SHARE } from '@core/placement/memory'
import type { CatalogueModel } from '@core/protocols/models'
import type { State } from '@core/state/state'
import type { ModelId, NodeId } from '@core/ids'
import { bytesText } from '../../state/text'
import type { Suggestion } from './suggestions'
import { t } from '../../state/texts.svelte'

/** A model recommended for the start. */
export interface Recommendation {
  readonly modelId: ModelId
  readonly title: string
  /** Size on disk and of the download. */
  readonly bytes: number
  readonly onDisk: boolean
  readonly starter: boolean
  /** Short description: `on disk · 4-bit`. */
  readonly about: string
  /** Why it cannot be launched; undefined if it can. */
  readonly lack: string | undefined
}

export interface RecommendationInputs {
  readonly state: State
  /** On the cluster's disks. */
  readonly models: readonly CatalogueModel[]
  /** On the hub. */
  readonly suggestions: readonly Suggestion[]
  /** A machine that can run models once its Python environment is installed. */
  readonly comingNode?: NodeId | undefined
}

/** Estimated memory for the context, as a fraction of the weights. */
const CONTEXT_SHARE = 0.15
/** Limits the list. */
const MOST_ON_DISK = 4
const MOST_ON_HUB = 3

/** Total free bytes of all machines that can run models. */
export const freeTogether = (state: State, comingNode?: NodeId): number => {
  const claimed = claimedBytes(state)
  return Object.values(state.nodes)
    .filter(({ nodeId, worker, cannotRun }) => worker && (cannotRun === undefined || nodeId === comingNode))
    .reduce((sum, { nodeId }) => sum + freeBytes(state, nodeId, claimed), 0)
}

const lackOf = (needed: number, free: number): string | undefined =>
  needed <= free ? undefined : t('models.fit.needs', { size: bytesText(needed - free) })

const words = (...parts: readonly (string | undefined)[]): string => parts.filter(Boolean).join(' · ')

const onDisk = (model: CatalogueModel, free: number): Recommendation => ({
  modelId: model.modelId,
  title: model.title,
  bytes: model.card.storageBytes,
  onDisk: true,
  starter: model.starter,
  about: words(t('setup.onDisk'), model.quantization, model.starter ? t('setup.small') : undefined),
  lack: lackOf(neededBytes(model.card), free),
})

const onHub = ({ modelId, title, bytes, about }: Suggestion, free: number): Recommendation => ({
  modelId,
  title,
  bytes,
  onDisk: false,
  starter: false,
  about: words(t('fits.toDownload'), about),
  lack: lackOf(bytes * (1 + CONTEXT_SHARE), free),
})

/** Models that leave some memory free come first, largest first, then the others. */
const bestFirst = (all: readonly Recommendation[], roomy: number): readonly Recommendation[] => {
  const rank = ({ lack, bytes }: Recommendation): number => (lack !== undefined ? 2 : bytes <= roomy ? 0 : 1)
  return [...all].sort((a, b) => rank(a) - rank(b) || (rank(a) === 2 ? a.bytes - b.bytes : b.bytes - a.bytes))
}

/**
 * Models that fit the cluster's memory: those on disk first, then those on the hub. The first is the recommended one.
 */
export const recommendations = (inputs: RecommendationInputs): readonly Recommendation[] => {
  const { state, models, suggestions, comingNode } = inputs
  const free = freeTogether(state, comingNode)
  const roomy = free * (1 - SPARE_SHARE)
  const here = models.filter(({ problem, card }) => problem === undefined && card.kind !== 'embedding')
  const known = new Set<string>(here.map(({ modelId }) => modelId))
  const disk = bestFirst(
    here.map((model) => onDisk(model, free)),
    roomy,
  ).slice(0, MOST_ON_DISK)
  const hub = bestFirst(
    suggestions.filter(({ modelId }) => !known.has(modelId)).map((suggestion) => onHub(suggestion, free)),
    roomy,
  )
    .filter(({ lack }) => lack === undefined)
    .slice(0, MOST_ON_HUB)
  return [...disk.filter(({ lack }) => lack === undefined), ...hub, ...disk.filter(({ lack }) => lack !== undefined)]
}
