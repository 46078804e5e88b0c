import { z } from 'zod'
import { InstanceId, NodeId, Timestamp } from '../ids'
import { CodedText } from '../texts/coded'

const Idle = z.object({ status: z.literal('Idle') })
const Downloading = z.object({ status: z.literal('Downloading') })
const Connecting = z.object({ status: z.literal('Connecting') })
const Loading = z.object({
  status: z.literal('Loading'),
  layersLoaded: z.number().int().nonnegative(),
  layers: z.number().int().positive(),
})
const WarmingUp = z.object({ status: z.literal('WarmingUp') })
const Ready = z.object({ status: z.literal('Ready') })
const Running = z.object({ status: z.literal('Running') })
const ShuttingDown = z.object({ status: z.literal('ShuttingDown') })
const Shutdown = z.object({ status: z.literal('Shutdown') })
const Failed = z.object({
  status: z.literal('Failed'),
  errorMessage: z.string(),
  /** The same as a code, in plain words. */
  coded: CodedText,
  /** The kind of failure, where the runner knew it: as in its `failed` event. */
  code: z.string().max(100).optional(),
  /** It failed only because another rank did; errors name causes before consequences. */
  consequence: z.boolean().optional(),
  /** It died of what it computed: a crash, a hang or want of memory, no kill. Older machines do not say so. */
  ofWork: z.boolean().optional(),
})

/** The union of all statuses, each with further fields: one list serves the state and the event that changes it. */
export const runnerStatusWith = <Shape extends z.core.$ZodLooseShape>(shape: Shape) =>
  z.discriminatedUnion('status', [
    Idle.extend(shape),
    Downloading.extend(shape),
    Connecting.extend(shape),
    Loading.extend(shape),
    WarmingUp.extend(shape),
    Ready.extend(shape),
    Running.extend(shape),
    ShuttingDown.extend(shape),
    Shutdown.extend(shape),
    Failed.extend(shape),
  ])

export const processFields = {
  /** The operating system's id of the runner's process, for those who look closer. */
  pid: z.number().int().positive().optional(),
  /** Where it listens for the other ranks of its ring. */
  ringPort: z.number().int().min(1).max(65535).optional(),
}

/** What a runner is at, as its supervisor last reported it. */
export const RunnerStatus = runnerStatusWith({})
export type RunnerStatus = z.infer<typeof RunnerStatus>
export type RunnerStatusWord = RunnerStatus['status']

/** A runner known to the state. It appears with its first report. */
export const Runner = runnerStatusWith({ ...processFields, nodeId: NodeId, instanceId: InstanceId, since: Timestamp })
export type Runner = z.infer<typeof Runner>

/** Nothing follows a terminal status. */
export const isTerminal = (runner: RunnerStatus): boolean => runner.status === 'Failed' || runner.status === 'Shutdown'

/** A damaged or an unsupported model: the same files fail in the same way, however often they are loaded. */
const LASTING_CODES: ReadonlySet<string> = new Set(['model_file', 'unsupported'])

/** Failed for a reason of its own that does not pass by trying again. */
export const isLastingFailure = (runner: RunnerStatus): boolean =>
  runner.status === 'Failed' &&
  runner.consequence !== true &&
  runner.code !== undefined &&
  LASTING_CODES.has(runner.code)

/** Able to serve. */
export const isServing = (runner: RunnerStatus): boolean => runner.status === 'Ready' || runner.status === 'Running'
