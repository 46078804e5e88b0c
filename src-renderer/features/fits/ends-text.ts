import type { Ending } from '@core/placement/ending'
import { shortName } from '../../state/text'
import { listText, t } from '../../state/texts.svelte'

/** `Qwen3 8B ends for it`. */
export const endsText = (ends: readonly Ending[]): string =>
  t('fits.endsFor', {
    names: listText(ends.map(({ name, modelId }) => name ?? shortName(modelId))),
    count: ends.length,
  })
