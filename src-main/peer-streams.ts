import type { ModelId } from '@core/ids'
import type { CatalogueModel } from '@core/protocols/control'
import { GenerateParams, ModelParams } from '@core/protocols/peer'
import { sharing } from './models/fetching/sharing'
import type { ModelSupply } from './model-supply'
import type { Worker } from './worker/worker'

type Serve = (params: unknown, signal: AbortSignal) => AsyncIterable<unknown>

export interface PeerStreamsParts {
  readonly catalogue: {
    list(): readonly CatalogueModel[]
    find(modelId: ModelId): { readonly path: string } | undefined
    card(modelId: ModelId): Promise<unknown>
  }
  /** Like `supply` it begins after the links: a stream that comes before it fails. */
  readonly worker: () => Pick<Worker, 'generate'>
  readonly supply: () => Pick<ModelSupply, 'serve'>
}

async function* one<Value>(value: Promise<Value>): AsyncGenerator<Value> {
  yield await value
}

/** What other members may ask of this machine over the links, beside what deciding needs. */
export const peerStreams = ({ catalogue, worker, supply }: PeerStreamsParts): ReadonlyMap<string, Serve> =>
  new Map<string, Serve>([
    [
      'generate',
      (params, signal) => {
        const { request, instanceId } = GenerateParams.parse(params)
        return worker().generate(request, { instanceId, signal })
      },
    ],
    ...sharing((modelId) => catalogue.find(modelId)?.path),
    ['models', () => one(Promise.resolve(catalogue.list()))],
    ['card', (params) => one(catalogue.card(ModelParams.parse(params).modelId))],
    ['download', (params) => one(supply().serve(params))],
  ])
