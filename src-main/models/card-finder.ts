import { z } from 'zod'
import type { ModelId, NodeId } from '@core/ids'
import { AdapterCard, ModelCard, ModelProblemCode } from '@core/placement/model-card'
import type { CardResult } from '@core/reconcile/index'
import { nodeName } from '@core/state/bindings'
import type { State } from '@core/state/state'
import type { Catalogue } from './catalogue'
import type { Hub } from './hub/hub'
import { HubError } from './hub/hub-error'

const AnsweredCard = z.discriminatedUnion('status', [
  z.object({ status: z.literal('loaded'), card: ModelCard }),
  z.object({ status: z.literal('adapter'), card: AdapterCard }),
  z.object({ status: z.literal('failed'), reason: z.string(), code: ModelProblemCode.optional() }),
])

export interface CardFinderParts {
  readonly own: Pick<Catalogue, 'card' | 'held' | 'unreadable'>
  readonly hub: Pick<Hub, 'described'>
  readonly state: () => State
  readonly nodeId: NodeId
  /** Members that had the model when last seen: under a new leader the state has no machine's models for a moment. */
  readonly lastHolders: (modelId: ModelId) => readonly NodeId[]
  /** A sentence naming machines that had the model and are offline; undefined if none is known. */
  readonly away: (modelId: ModelId) => string | undefined
  /** Requests one answer from another node; rejects if it is unreachable. */
  readonly ask: (nodeId: NodeId, kind: 'card', params: { modelId: ModelId }) => Promise<unknown>
}

/** Nodes that have a complete copy of a model. */
export const holdersOf = ({ downloads }: State, modelId: ModelId): NodeId[] =>
  Object.entries(downloads)
    .filter(([, models]) => models[modelId]?.status === 'Complete')
    .map(([nodeId]) => nodeId as NodeId)

/** Finds the card of a model or an adapter: on this machine, else on machines that have the model, else on the hub. */
export const cardFinder =
  ({ own, hub, state, nodeId: self, lastHolders, away, ask }: CardFinderParts) =>
  async (modelId: ModelId): Promise<CardResult> => {
    const here = await own.card(modelId)
    if (here.status !== 'failed') return here
    let refusal: CardResult | undefined
    for (const holder of new Set([...holdersOf(state(), modelId), ...lastHolders(modelId)])) {
      if (holder === self) continue
      const there = await ask(holder, 'card', { modelId })
        .then((answer) => AnsweredCard.parse(answer))
        .catch(() => undefined)
      if (there !== undefined && there.status !== 'failed') return there
      if (there) refusal ??= { ...there, reason: `${nodeName(state(), holder)}: ${there.reason}` }
    }
    // A damaged copy on this machine is reported instead of using another source: the user put it there.
    if (own.held(modelId) !== undefined || own.unreadable().some((one) => one.modelId === modelId)) return here
    if (refusal) return refusal
    try {
      return await hub.described(modelId)
    } catch (error) {
      if (!(error instanceof HubError)) throw error
      // The actionable reason first: the machine that has the model can be started.
      const first = away(modelId) ?? 'it is on no machine that is connected'
      return { status: 'failed', reason: `${first}; ${error.message}` }
    }
  }
