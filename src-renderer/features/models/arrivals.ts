import { ModelId, NodeId } from '@core/ids'
import { nodeName } from '@core/state/bindings'
import type { Download } from '@core/state/downloads'
import { neededModels } from '@core/state/needed-models'
import type { State } from '@core/state/state'
import { remedyOf } from '@core/texts/remedies'
import { bytesText, durationText, partText, sentence } from '../../state/text'
import { codedText, nodeText, t } from '../../state/texts.svelte'

/** A model being downloaded to a machine. */
export interface Arrival {
  readonly modelId: ModelId
  readonly nodeId: NodeId
  readonly machine: string
  /** From 0 to 1. */
  readonly share: number
  /** Progress, or the reason for waiting. */
  readonly line: string
  /** What the user can do about a failure. */
  readonly todo: string | undefined
  readonly failed: boolean
  /** Paused by the user. */
  readonly paused: boolean
  /** An instance there needs it: it cannot be cancelled meanwhile. */
  readonly needed: boolean
}

const lineOf = ({ status, paused, downloadedBytes, totalBytes, bytesPerSecond, error, coded }: Download): string => {
  switch (status) {
    case 'Failed':
      return t('models.arrival.failed', { error: nodeText(coded, error ?? t('models.arrival.itFailed')) })
    case 'Pending':
      return paused
        ? t('models.arrival.paused', { part: partText(downloadedBytes, totalBytes) })
        : t('models.arrival.waiting')
    case 'Ongoing':
    case 'Complete': {
      if (totalBytes === 0) return t('models.arrival.starting')
      const parts = [partText(downloadedBytes, totalBytes)]
      if (bytesPerSecond !== undefined && bytesPerSecond > 0) {
        const left = (1000 * (totalBytes - downloadedBytes)) / bytesPerSecond
        parts.push(
          t('cards.perSecond', { size: bytesText(bytesPerSecond) }),
          t('cards.left', { time: durationText(left) }),
        )
      }
      return sentence(parts.join(' · '))
    }
  }
}

const todoOf = ({ status, coded }: Download): string | undefined => {
  const remedy = status === 'Failed' && coded ? remedyOf(coded) : undefined
  return remedy && codedText(remedy)
}

/** Downloads on all machines, by model id. */
export const arrivals = (state: State): Arrival[] =>
  Object.entries(state.downloads)
    .flatMap(([node, models]) =>
      Object.entries(models).flatMap(([model, download]): Arrival[] => {
        if (download.status === 'Complete') return []
        const [nodeId, modelId] = [NodeId.parse(node), ModelId.parse(model)]
        const { downloadedBytes, totalBytes, status } = download
        return [
          {
            modelId,
            nodeId,
            machine: nodeName(state, nodeId),
            share: totalBytes === 0 ? 0 : Math.min(1, downloadedBytes / totalBytes),
            line: lineOf(download),
            todo: todoOf(download),
            failed: status === 'Failed',
            paused: download.paused === true,
            needed: Object.values(state.instances).some((instance) => neededModels(instance, nodeId).includes(modelId)),
          },
        ]
      }),
    )
    .sort((a, b) => (`${a.modelId} ${a.machine}` < `${b.modelId} ${b.machine}` ? -1 : 1))
