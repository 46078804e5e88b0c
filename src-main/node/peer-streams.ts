import type { GenerationUpdate } from '@core/generation/stream'
import type { ModelId } from '@core/ids'
import type { CatalogueModel } from '@core/protocols/models'
import { GenerateParams, ModelParams } from '@core/protocols/peer'
import {
  fromRequest1,
  GenerateParams1,
  toUpdate1,
  unavailableToOthers,
  type GenerationUpdate1,
} from '@core/protocols/peer-1'
import { USAGE_STREAM } from '../keys/cluster-usage'
import type { UsageByKey } from '@core/keys/usage'
import { sharing } from '../models/index'
import { type PromptCache, sharing as sharingBlocks } from '../prompt-cache/index'
import type { Later } from './later'
import type { ModelSupply } from './model-supply'
import type { InstanceQueues } from '../serving/index'
import type { ClusterSuspects } from '../suspects/cluster-suspects'

type Serve = (params: unknown, signal: AbortSignal) => AsyncIterable<unknown>

export interface PeerStreamsParts {
  readonly catalogue: {
    list(): readonly CatalogueModel[]
    held(modelId: ModelId): { readonly path: string } | undefined
    card(modelId: ModelId): Promise<unknown>
  }
  /** Like `supply`, created after the links are open: streams that arrive earlier wait for it. */
  readonly queues: Pick<Later<Pick<InstanceQueues, 'generate'>>, 'get'>
  readonly usage: () => UsageByKey
  readonly promptCache: () => PromptCache
  readonly supply: Pick<Later<Pick<ModelSupply, 'serve'>>, 'get'>
  readonly suspected: Pick<ClusterSuspects, 'suspects' | 'handlers'>
}

async function* one<Value>(value: Promise<Value>): AsyncGenerator<Value> {
  yield await value
}

/** For a member whose version has no queue errors. */
async function* withoutQueue(updates: AsyncIterable<GenerationUpdate>): AsyncGenerator<GenerationUpdate> {
  for await (const update of updates) yield unavailableToOthers(update)
}

/** For a member that uses protocol 1. */
async function* generate1(
  queues: Pick<InstanceQueues, 'generate'>,
  { request, instanceId }: GenerateParams1,
  signal: AbortSignal,
): AsyncGenerator<GenerationUpdate1> {
  for await (const update of queues.generate(fromRequest1(request), { instanceId, signal })) {
    const update1 = toUpdate1(update)
    if (update1) yield update1
  }
}

/** Serves a stream with a part, once that part exists. */
async function* servedBy<Part>(
  part: Pick<Later<Part>, 'get'>,
  signal: AbortSignal,
  serve: (part: Part) => AsyncIterable<unknown>,
): AsyncGenerator<unknown> {
  yield* serve(await part.get(signal))
}

/** Streams that other members may open on this machine, beside those of the consensus. */
export const peerStreams = ({
  catalogue,
  queues,
  usage,
  promptCache,
  supply,
  suspected,
}: PeerStreamsParts): ReadonlyMap<string, Serve> =>
  new Map<string, Serve>([
    [
      'generate',
      (params, signal) => {
        const { data } = GenerateParams.safeParse(params)
        if (data === undefined) {
          const asked = GenerateParams1.parse(params)
          return servedBy(queues, signal, (part) => generate1(part, asked, signal))
        }
        const { request, instanceId, key, suspicion, traceparent } = data
        if (suspicion) suspected.suspects.learn([suspicion])
        return servedBy(queues, signal, (part) =>
          key === undefined
            ? withoutQueue(part.generate(request, { instanceId, signal, traceparent }))
            : part.generate(request, { instanceId, signal, key, traceparent }),
        )
      },
    ],
    ...suspected.handlers,
    ...sharing((modelId) => catalogue.held(modelId)?.path),
    ...sharingBlocks(promptCache),
    [USAGE_STREAM, () => one(Promise.resolve(usage()))],
    ['models', () => one(Promise.resolve(catalogue.list()))],
    ['card', (params) => one(catalogue.card(ModelParams.parse(params).modelId))],
    ['download', (params, signal) => servedBy(supply, signal, (part) => one(part.serve(params)))],
  ])
