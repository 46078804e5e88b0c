import { z } from 'zod'
import { MetaInstanceId } from '../ids'

/** The steps of the setup assistant, in order. */
export const SetupStep = z.enum(['welcome', 'machine', 'cluster', 'model', 'working', 'chat', 'connect', 'options'])
export type SetupStep = z.infer<typeof SetupStep>

/** How a person left a step. */
export const StepOutcome = z.enum(['done', 'skipped'])
export type StepOutcome = z.infer<typeof StepOutcome>

/** Progress of the setup assistant. Stored by the node, so that any window can continue it. */
export const SetupProgress = z.strictObject({
  step: SetupStep,
  /** `open`: shown when the app opens. `later`: postponed. `done`: finished; it can be opened again. */
  state: z.enum(['open', 'later', 'done']),
  outcomes: z.partialRecord(SetupStep, StepOutcome),
  /** The declaration of the first model. */
  metaInstanceId: MetaInstanceId.optional(),
})
export type SetupProgress = z.infer<typeof SetupProgress>

export const SETUP_BEGINNING: SetupProgress = { step: 'welcome', state: 'open', outcomes: {} }
