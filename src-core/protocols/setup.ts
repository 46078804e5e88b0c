import { z } from 'zod'
import { CodedText } from '../texts/coded'
import { SetupProgress } from '../settings/setup-progress'

/** Minutes of idle time before a Mac sleeps; 0 is never. `battery` is absent on a Mac without one. */
export const SleepSettings = z.object({
  powerMinutes: z.number().int().nonnegative(),
  batteryMinutes: z.number().int().nonnegative().optional(),
})
export type SleepSettings = z.infer<typeof SleepSettings>

/** The Python environment that runs models, and the progress of its installation. */
export const PythonView = z.object({
  status: z.enum(['ready', 'missing', 'installing', 'failed']),
  /** Why it is missing, or why the installation failed. */
  reason: z.string().optional(),
  hint: z.string().optional(),
  /** Reason and hint as codes with values; absent if a program that was run printed them. */
  coded: z.object({ reason: CodedText, hint: CodedText }).optional(),
  /** Current installation step: `at` of `of`, from 1. */
  step: z.object({ title: z.string(), coded: CodedText, at: z.number().int(), of: z.number().int() }).optional(),
})
export type PythonView = z.infer<typeof PythonView>

/** `GET /node/setup`: what the setup assistant needs besides the state. */
export const SetupView = z.object({
  /** Absent if setup was never started. */
  progress: SetupProgress.optional(),
  /** Whether the app opens the setup assistant by itself. */
  offered: z.boolean(),
  python: PythonView,
  /** Absent if the system does not report it, and on other systems than macOS. */
  sleep: SleepSettings.optional(),
})
export type SetupView = z.infer<typeof SetupView>

/** `PATCH /node/setup`: absent fields keep their value. */
export const ChangeSetupRequest = SetupProgress.partial()
export type ChangeSetupRequest = z.infer<typeof ChangeSetupRequest>

/** `GET /node/python/events`: server-sent events. The first `output` contains everything printed so far. */
export const PythonEvent = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('view'), view: PythonView }),
  /** Raw output, with its control sequences. */
  z.object({ kind: z.literal('output'), text: z.string() }),
])
export type PythonEvent = z.infer<typeof PythonEvent>
