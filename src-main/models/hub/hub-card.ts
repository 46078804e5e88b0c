import type { CardResult } from '@core/reconcile/index'
import { clauses, coded, type CodedText } from '@core/texts/coded'
import { ADAPTER_CONFIG, adapterConfigProblem, adapterWeights, isAdapter } from '../inspection/adapter'
import { readModelConfig } from '../inspection/model-config'
import { configProblem } from '../inspection/config-check'
import { cardOf, tokenizerProblem, unknownArchitecture } from '../inspection/model-description'
import { embeddingProblem, kindOf, runs } from '../inspection/model-kind'
import { otherFormats } from '../inspection/model-formats'
import { isWeights } from '../inspection/weights'
import { HubError } from './hub-error'
import type { HubListing } from './listing'
import type { HubRequests } from './requests'

/** The largest files read are tokenizer configurations with thousands of added tokens. */
const JSON_LIMIT = 16 * 1024 * 1024

/** What the hub has under an id: the card of a model or of an adapter. */
export type Described = Exclude<CardResult, { readonly status: 'failed' }>

/** The error for a model or adapter on the hub that could not be run. */
export const unsupported = (modelId: string, why: CodedText | string): HubError =>
  new HubError({
    code: 'hub_unsupported',
    what: coded('downloads.hub.cannotRun', { model: modelId, why: clauses(why) }),
    hint: 'Search for an MLX version of it; most are under mlx-community.',
  })

/** Builds the card of a model or an adapter from the hub's files. Throws HubError, also if the model could not be run. */
export const hubCard = async (requests: HubRequests, listing: HubListing, signal?: AbortSignal): Promise<Described> => {
  const { modelId, files, names } = listing
  const read = async (name: string): Promise<unknown> => {
    const file = files.find((one) => one.name === name)
    if (!file) throw unsupported(modelId, coded('downloads.hub.missingFile', { file: name }))
    return requests.json({ path: listing.pathOf(name), modelId, signal }, Math.min(JSON_LIMIT, file.size))
  }
  if (isAdapter(files.map(({ name }) => name))) {
    const config = await read(ADAPTER_CONFIG)
    const problem = adapterConfigProblem(config)
    if (problem) throw unsupported(modelId, problem.problem)
    const weights = adapterWeights(config)
    const file = files.find(({ name }) => name === weights)
    if (!file) throw unsupported(modelId, `${weights} is missing`)
    return { status: 'adapter', card: { modelId, storageBytes: file.size } }
  }
  const weights = files.filter(({ name }) => isWeights(name))
  if (weights.length === 0) {
    const formats = otherFormats(names)
    const lack =
      formats === undefined ? coded('downloads.hub.noWeights') : coded('downloads.hub.noWeightsOnly', { formats })
    throw unsupported(modelId, lack)
  }
  const config = await read('config.json')
  const reading = readModelConfig(config)
  if (reading.status === 'refused') throw unsupported(modelId, reading.reason)
  const { shape } = reading
  const ours = files.map(({ name }) => name)
  const kind = kindOf({ modelId, modelType: shape.modelType, config, names: ours })
  if (!runs(kind, shape.modelType)) throw unsupported(modelId, unknownArchitecture(shape))
  const embedding = kind === 'embedding' ? await embeddingProblem(config, ours, read) : undefined
  const tokenizer = await tokenizerProblem(ours, read)
  const problem = embedding?.problem ?? configProblem(config, {}) ?? tokenizer?.problem
  if (problem !== undefined) throw unsupported(modelId, problem)
  const bytes = weights.reduce((sum, { size }) => sum + size, 0)
  return { status: 'loaded', card: cardOf(modelId, shape, kind, bytes) }
}
