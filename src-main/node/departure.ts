import type { ModelId, NodeId } from '@core/ids'
import { type CardResult, type Departure, departures } from '@core/reconcile/index'
import { namedModels } from '@core/state/needed-models'
import type { State } from '@core/state/state'

export interface DepartureOptions {
  readonly nodeId: NodeId
  readonly state: () => State
  readonly card: (modelId: ModelId) => Promise<CardResult>
}

/** Limit for a model card: the user is waiting to quit, so do not wait for a slow hub. */
const CARD_LIMIT_MS = 2000

const within = async <Value>(limitMs: number, work: Promise<Value>): Promise<Value | undefined> => {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), limitMs)
  })
  return Promise.race([work.catch(() => undefined), limit]).finally(() => clearTimeout(timer))
}

/** Predicts what happens to the models here if this machine leaves now. Never rejects. */
export const departure = async ({ nodeId, state, card }: DepartureOptions): Promise<readonly Departure[]> => {
  const models = new Set(
    Object.values(state().instances)
      .filter(({ shards }) => shards.some((shard) => shard.nodeId === nodeId))
      .flatMap(namedModels),
  )
  const cards = await Promise.all(
    [...models].map(async (modelId) => {
      const found = await within(CARD_LIMIT_MS, card(modelId))
      return found === undefined ? [] : [[modelId, found] as const]
    }),
  )
  return departures(state(), nodeId, Object.fromEntries(cards.flat()))
}
