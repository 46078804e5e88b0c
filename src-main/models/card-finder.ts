import { z } from 'zod'
import type { ModelId, NodeId } from '@core/ids'
import { ModelCard } from '@core/placement/model-card'
import type { CardResult } from '@core/reconcile/process-manager'
import type { State } from '@core/state/state'

const AnsweredCard = z.discriminatedUnion('status', [
  z.object({ status: z.literal('loaded'), card: ModelCard }),
  z.object({ status: z.literal('failed'), reason: z.string() }),
])

export interface CardFinderParts {
  readonly own: { card(modelId: ModelId): Promise<CardResult> }
  readonly state: () => State
  readonly nodeId: NodeId
  /** One answer of another node. Rejects where it cannot be had. */
  readonly ask: (nodeId: NodeId, kind: 'card', params: { modelId: ModelId }) => Promise<unknown>
}

/** The nodes that have all of a model on their disks. */
export const holdersOf = ({ downloads }: State, modelId: ModelId): NodeId[] =>
  Object.entries(downloads)
    .filter(([, models]) => models[modelId]?.status === 'Complete')
    .map(([nodeId]) => nodeId as NodeId)

/** Finds a model's card: here, else on the machines that have the model. */
export const cardFinder =
  ({ own, state, nodeId: self, ask }: CardFinderParts) =>
  async (modelId: ModelId): Promise<CardResult> => {
    const here = await own.card(modelId)
    if (here.status === 'loaded') return here
    for (const holder of holdersOf(state(), modelId)) {
      if (holder === self) continue
      const there = await ask(holder, 'card', { modelId })
        .then((answer) => AnsweredCard.parse(answer))
        .catch(() => undefined)
      if (there?.status === 'loaded') return there
    }
    return here
  }
