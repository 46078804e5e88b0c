import { SetupStep, type SetupProgress, type StepOutcome } from '../settings/setup-progress'

/** What determines which steps apply. */
export interface SetupScope {
  /** Whether there is a first model to wait for and to chat with. */
  readonly hasModel: boolean
  /** Whether any option can be set here. */
  readonly hasOptions: boolean
}

/** Returns the applicable steps, in order. */
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

/** Moves from the current step to the next; the last one completes the setup. */
export const leaveStep = (progress: SetupProgress, outcome: StepOutcome, scope: SetupScope): SetupProgress => {
  const { step, outcomes } = progress
  const left = { ...progress, outcomes: { ...outcomes, [step]: outcome } }
  const next = setupSteps(scope).find((one) => order(one) > order(step))
  return next === undefined ? { ...left, state: 'done' } : { ...left, step: next, state: 'open' }
}

/** Returns the previous step; undefined at the first. */
export const stepBefore = ({ step }: SetupProgress, scope: SetupScope): SetupStep | undefined =>
  setupSteps(scope).findLast((one) => order(one) < order(step))

/** State of a step relative to the current one. */
export type StepMark = 'current' | 'done' | 'skipped' | 'ahead'

export const stepMark = ({ step, outcomes }: SetupProgress, one: SetupStep): StepMark =>
  one === step ? 'current' : (outcomes[one] ?? 'ahead')

/** Whether a step can be opened directly: the current one and those already left. */
export const canGoTo = (progress: SetupProgress, step: SetupStep): boolean => stepMark(progress, step) !== 'ahead'

/**
 * Whether discovery must wait: macOS asks for its permission at the first announcement, and the step `machine` explains
 * that first.
 */
export const holdsDiscovery = ({ step, state }: SetupProgress): boolean =>
  state === 'open' && order(step) <= order('machine')
