import type { FailedPreview, Preview } from '@core/placement/preview'
import type { Sharding } from '@core/state/meta-instances'
import { nodeText, t } from '../../state/texts.svelte'

/** Whether RDMA can work, and if not, why. */
export interface RdmaOffer {
  readonly possible: boolean
  /** Phrases shown after "RDMA: ". */
  readonly reasons: readonly string[]
}

/** With more reasons, the rest is counted. */
const MOST_REASONS = 3

const isFailed = (preview: Preview | FailedPreview): preview is FailedPreview => 'error' in preview

/** A machine that lacks something lacks it in all pairs, so duplicates are dropped. */
const lacks = ({ error }: FailedPreview): string[] => {
  const texts = (error.details?.withoutRdma ?? []).flatMap(({ reasons }) =>
    reasons.map(({ text, coded }) => nodeText(coded, text)),
  )
  const different = [...new Set(texts)]
  if (different.length === 0) return [nodeText(error.details?.problem ?? error.coded, error.reason)]
  const more = different.length - MOST_REASONS
  // Instead of "1 more", show the reason itself.
  return more > 1 ? [...different.slice(0, MOST_REASONS), t('launch.rdmaMore', { count: more })] : different
}

const offerAfter = (failed: FailedPreview): RdmaOffer => {
  switch (failed.error.code) {
    case 'no_rdma':
    case 'not_connected':
      return { possible: false, reasons: lacks(failed) }
    case 'no_machines':
    case 'too_few_machines':
      return { possible: false, reasons: [t('launch.rdmaTwo')] }
    default:
      // Does not fit in memory: says nothing about RDMA.
      return { possible: true, reasons: [] }
  }
}

/** What the previews say about RDMA; undefined while there are none. */
export const rdmaOffer = (
  previews: readonly (Preview | FailedPreview)[] | undefined,
  sharding: Sharding,
): RdmaOffer | undefined => {
  const own = previews?.filter((preview) => preview.instanceMeta === 'MlxJaccl' && preview.sharding === sharding) ?? []
  if (own.some((preview) => !isFailed(preview))) return { possible: true, reasons: [] }
  const failed = own.find(isFailed)
  return failed && offerAfter(failed)
}
