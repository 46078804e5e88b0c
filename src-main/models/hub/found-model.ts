import { ModelId } from '@core/ids'
import type { HubModel } from '@core/protocols/models'
import { coded } from '@core/texts/coded'
import { inEnglish } from '@core/texts/english'
import { architectureOf } from '../inspection/architectures'
import { titleOf } from '../inspection/model-description'
import { isHubModel } from './listing'

/** A model as a hub's search describes it. */
export interface FoundModel {
  readonly id: string
  readonly gated: boolean
  readonly downloads: number | undefined
  /** Size of its weights. */
  readonly sizeBytes: number | undefined
  /** Bits per weight, if quantized. */
  readonly bits: number | undefined
  /** `model_type` of its configuration. */
  readonly modelType: string | undefined
}

const unknownArchitecture = (type: string): Pick<HubModel, 'problem' | 'coded'> => {
  const why = coded('downloads.hub.unknownArchitecture', { type })
  return { problem: inEnglish(why), coded: why }
}

const asShown = (found: FoundModel): HubModel[] => {
  const modelId = ModelId.safeParse(found.id)
  if (!modelId.success || !isHubModel(found.id)) return []
  const { sizeBytes, downloads, gated, modelType } = found
  const bits = found.bits ?? /-(\d+)bit\b/i.exec(found.id)?.[1]
  return [
    {
      ...{ modelId: modelId.data, title: titleOf(modelId.data), gated },
      ...(sizeBytes !== undefined && { sizeBytes }),
      ...(bits !== undefined && { quantization: `${bits}-bit` }),
      ...(downloads !== undefined && { downloads }),
      ...(modelType !== undefined && !architectureOf(modelType) && unknownArchitecture(modelType)),
    },
  ]
}

/** The models of a search's answer as users see them. Entries that `read` cannot read are skipped. */
export const foundModels = (answer: readonly unknown[], read: (entry: unknown) => FoundModel | undefined): HubModel[] =>
  answer.flatMap((entry) => {
    const found = read(entry)
    return found ? asShown(found) : []
  })
