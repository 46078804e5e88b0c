import type { MetaInstance } from '@core/state/meta-instances'
import type { State } from '@core/state/state'
import type { SetupProgress, SetupStep } from '@core/setup/progress'

/** The declaration of the first model, as long as it is kept; else any other that is always on. */
export const firstModel = (
  { metaInstances }: Pick<State, 'metaInstances'>,
  { metaInstanceId }: Pick<SetupProgress, 'metaInstanceId'>,
): MetaInstance | undefined => {
  const all = Object.values(metaInstances)
  const kept = all.filter(({ onRequest, paused }) => onRequest === undefined && !paused)
  return all.find((one) => one.metaInstanceId === metaInstanceId) ?? kept[0]
}

/** What people call a step. */
export const stepTitle = (step: SetupStep, here: 'this Mac' | 'this machine'): string => {
  switch (step) {
    case 'welcome':
      return 'Welcome'
    case 'machine':
      return here === 'this Mac' ? 'This Mac' : 'This machine'
    case 'cluster':
      return 'Your machines'
    case 'model':
      return 'First model'
    case 'working':
      return 'Getting it ready'
    case 'chat':
      return 'First chat'
    case 'connect':
      return 'Connect a tool'
    case 'options':
      return 'Options'
  }
}
