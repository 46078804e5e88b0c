import type { MetaInstance } from '@core/state/meta-instances'
import type { State } from '@core/state/state'
import type { SetupProgress, SetupStep } from '@core/settings/setup-progress'
import { t } from '../../state/texts.svelte'

/** The first model's declaration, if it still exists; else any other permanent one. */
export const firstModel = (
  { metaInstances }: Pick<State, 'metaInstances'>,
  { metaInstanceId }: Pick<SetupProgress, 'metaInstanceId'>,
): MetaInstance | undefined => {
  const all = Object.values(metaInstances)
  const kept = all.filter(({ onRequest, paused }) => onRequest === undefined && !paused)
  return all.find((one) => one.metaInstanceId === metaInstanceId) ?? kept[0]
}

/** Title of a step. */
export const stepTitle = (step: SetupStep, host: 'mac' | 'machine'): string =>
  step === 'machine' ? t('setup.step.machine', { host }) : t(`setup.step.${step}`)
