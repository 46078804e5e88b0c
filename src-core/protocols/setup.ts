import { z } from 'zod'
import { SetupProgress } from '../settings/setup-progress'

/** After how many idle minutes a Mac sleeps; 0 is never. `battery` is absent on a Mac without one. */
export const SleepSettings = z.object({
  powerMinutes: z.number().int().nonnegative(),
  batteryMinutes: z.number().int().nonnegative().optional(),
})
export type SleepSettings = z.infer<typeof SleepSettings>

/** The Python environment that runs models, and how its installation gets on. */
export const PythonView = z.object({
  status: z.enum(['ready', 'missing', 'installing', 'failed']),
  /** Why it is missing, or why the installation failed. */
  reason: z.string().optional(),
  hint: z.string().optional(),
  /** What the installation is at: step `at` of `of`, counted from 1. */
  step: z.object({ title: z.string(), at: z.number().int(), of: z.number().int() }).optional(),
})
export type PythonView = z.infer<typeof PythonView>

/** `GET /node/setup`: what setting this machine up needs to know beside the state. */
export const SetupView = z.object({
  /** Absent where nobody ever began. */
  progress: SetupProgress.optional(),
  /** Whether the app opens it by itself. */
  offered: z.boolean(),
  python: PythonView,
  /** Absent where the system does not tell, and on what is no Mac. */
  sleep: SleepSettings.optional(),
})
export type SetupView = z.infer<typeof SetupView>

/** `PATCH /node/setup`: what is not given stays as it is. */
export const ChangeSetupRequest = SetupProgress.partial()
export type ChangeSetupRequest = z.infer<typeof ChangeSetupRequest>

/** `GET /node/python/events`: server-sent events. The first `output` is what was printed so far. */
export const PythonEvent = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('view'), view: PythonView }),
  /** As it was printed, with its control sequences. */
  z.object({ kind: z.literal('output'), text: z.string() }),
])
export type PythonEvent = z.infer<typeof PythonEvent>
