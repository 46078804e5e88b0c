import type { FailedPreview, Preview } from '@core/placement/preview'
import type { Sharding } from '@core/state/meta-instances'
import { nodeText, t } from '../../state/texts.svelte'

/** Whether RDMA can work here, and if not, what is in the way. */
export interface RdmaOffer {
  readonly possible: boolean
  /** As they stand after "RDMA: ". */
  readonly reasons: readonly string[]
}

/** More reasons than these are counted. */
export const MOST_REASONS = 3

const isFailed = (preview: Preview | FailedPreview): preview is FailedPreview => 'error' in preview

/** The same lack of a machine keeps it from every other one, and is told once. */
const lacks = ({ error }: FailedPreview): string[] => {
  const texts = (error.details?.withoutRdma ?? []).flatMap(({ reasons }) =>
    reasons.map(({ text, coded }) => nodeText(coded, text)),
  )
  const different = [...new Set(texts)]
  if (different.length === 0) return [nodeText(error.coded, error.reason)]
  const more = different.length - MOST_REASONS
  // A line that says "1 more" could as well say it.
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
      // The model does not fit, which is another matter.
      return { possible: true, reasons: [] }
  }
}

/** What the node's previews say of RDMA; undefined as long as there are none. */
export const rdmaOffer = (
  previews: readonly (Preview | FailedPreview)[] | undefined,
  sharding: Sharding,
): RdmaOffer | undefined => {
  const own = previews?.filter((preview) => preview.instanceMeta === 'MlxJaccl' && preview.sharding === sharding) ?? []
  if (own.some((preview) => !isFailed(preview))) return { possible: true, reasons: [] }
  const failed = own.find(isFailed)
  return failed && offerAfter(failed)
}
