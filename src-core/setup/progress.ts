import { SetupStep, type SetupProgress, type StepOutcome } from '../settings/setup-progress'

/** What decides which steps there are. */
export interface SetupScope {
  /** Whether there is a first model to wait for and to talk to. */
  readonly hasModel: boolean
  /** Whether there is any option that can be set here. */
  readonly hasOptions: boolean
}

/** The steps that there are, in their order. */
export const setupSteps = ({ hasModel, hasOptions }: SetupScope): readonly SetupStep[] =>
  SetupStep.options.filter((step) => {
    switch (step) {
      case 'working':
      case 'chat':
        return hasModel
      case 'options':
        return hasOptions
      case 'welcome':
      case 'machine':
      case 'cluster':
      case 'model':
      case 'connect':
        return true
    }
  })

const order = (step: SetupStep): number => SetupStep.options.indexOf(step)

/** Leaves the current step for the next one; after the last one setting up is done. */
export const leaveStep = (progress: SetupProgress, outcome: StepOutcome, scope: SetupScope): SetupProgress => {
  const { step, outcomes } = progress
  const left = { ...progress, outcomes: { ...outcomes, [step]: outcome } }
  const next = setupSteps(scope).find((one) => order(one) > order(step))
  return next === undefined ? { ...left, state: 'done' } : { ...left, step: next, state: 'open' }
}

/** The step before the current one; undefined at the first. */
export const stepBefore = ({ step }: SetupProgress, scope: SetupScope): SetupStep | undefined =>
  setupSteps(scope).findLast((one) => order(one) < order(step))

/** Where a step stands beside the current one. */
export type StepMark = 'current' | 'done' | 'skipped' | 'ahead'

export const stepMark = ({ step, outcomes }: SetupProgress, one: SetupStep): StepMark =>
  one === step ? 'current' : (outcomes[one] ?? 'ahead')

/** Whether a step can be gone to directly: those that were left, and the one that is on. */
export const canGoTo = (progress: SetupProgress, step: SetupStep): boolean => stepMark(progress, step) !== 'ahead'

/**
 * Whether this machine must not look for others yet: macOS asks for the permission at the first announcement, and the
 * page that explains it comes with the step `machine`.
 */
export const holdsDiscovery = ({ step, state }: SetupProgress): boolean =>
  state === 'open' && order(step) <= order('machine')
