import { z } from 'zod'
import { MetaInstanceId } from '../ids'

/** The steps of setting a machine up, in their order. */
export const SetupStep = z.enum(['welcome', 'machine', 'cluster', 'model', 'working', 'chat', 'connect', 'options'])
export type SetupStep = z.infer<typeof SetupStep>

/** How a person left a step. */
export const StepOutcome = z.enum(['done', 'skipped'])
export type StepOutcome = z.infer<typeof StepOutcome>

/** How far a person got with setting this machine up. The node keeps it, so that any window goes on from there. */
export const SetupProgress = z.strictObject({
  step: SetupStep,
  /** `open`: shown when the app is opened. `later`: put off. `done`: finished; it can be opened again. */
  state: z.enum(['open', 'later', 'done']),
  outcomes: z.partialRecord(SetupStep, StepOutcome),
  /** The declaration of the first model. */
  metaInstanceId: MetaInstanceId.optional(),
})
export type SetupProgress = z.infer<typeof SetupProgress>

export const SETUP_BEGINNING: SetupProgress = { step: 'welcome', state: 'open', outcomes: {} }
