import type { PowerFacts } from '@core/state/power'
import { t } from '../../state/texts.svelte'

/** Whether a machine may sleep: `Kept awake by a download, on battery`. */
export const sleepText = ({ onBattery, awakeFor }: PowerFacts): string => {
  const why = awakeFor ?? 'may'
  return t(onBattery ? `cluster.sleep.${why}Battery` : `cluster.sleep.${why}`)
}
