import type { PowerFacts } from '@core/state/power'
import { t } from '../../state/texts.svelte'

/** `Kept awake by a download, on battery`: whether a machine may sleep. */
export const sleepText = ({ onBattery, awakeFor }: PowerFacts): string => {
  const why = awakeFor ?? 'may'
  return t(onBattery ? `cluster.sleep.${why}Battery` : `cluster.sleep.${why}`)
}
