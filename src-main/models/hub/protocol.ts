import type { ModelId } from '@core/ids'
import type { HubModel } from '@core/protocols/models'
import type { HubKind } from '@core/settings/hub-kind'
import { huggingFace } from './hugging-face'
import type { HubListing } from './listing'
import { modelScope } from './model-scope'
import type { HubRequests } from './requests'

/** The protocol of a kind of hub, beyond the addresses in `Endpoint`. */
export interface HubProtocol {
  /**
   * Lists a model's files. Names with slashes are skipped, except for settings of embedding steps.
   *
   * @throws HubError
   */
  list(requests: HubRequests, modelId: ModelId, signal?: AbortSignal): Promise<HubListing>
  /**
   * Finds MLX models, most downloaded first.
   *
   * @throws HubError
   */
  search(requests: HubRequests, words: string, signal?: AbortSignal): Promise<HubModel[]>
}

/** The protocol of each kind of hub. */
export const protocols: Readonly<Record<HubKind, HubProtocol>> = { huggingface: huggingFace, modelscope: modelScope }
