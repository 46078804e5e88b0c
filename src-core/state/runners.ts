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
  /** The same as a code. */
  coded: CodedText,
  /** Kind of failure, if the runner reported one in its `failed` event. */
  code: z.string().max(100).optional(),
  /** Failed only because another rank did; errors list causes before consequences. */
  consequence: z.boolean().optional(),
  /**
   * Whether it crashed, hung or ran out of memory, as opposed to being killed from outside. Absent from older machines.
   */
  ofWork: z.boolean().optional(),
})

/** Builds the union of all statuses with extra fields, so that the state and its event share one list. */
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
  /** Process id, for people who debug it. */
  pid: z.number().int().positive().optional(),
  /** Port on which it listens for the other ranks of its ring. */
  ringPort: z.number().int().min(1).max(65535).optional(),
}

/** Status of a runner, as its supervisor last reported it. */
export const RunnerStatus = runnerStatusWith({})
export type RunnerStatus = z.infer<typeof RunnerStatus>

/** A runner in the state; added by its first report. */
export const Runner = runnerStatusWith({ ...processFields, nodeId: NodeId, instanceId: InstanceId, since: Timestamp })
export type Runner = z.infer<typeof Runner>

/** No status follows a terminal one. */
export const isTerminal = (runner: RunnerStatus): boolean => runner.status === 'Failed' || runner.status === 'Shutdown'

/** A damaged or unsupported model: the same files fail in the same way at every load. */
const LASTING_CODES: ReadonlySet<string> = new Set(['model_file', 'unsupported'])

/** Whether it failed by itself for a reason that a retry cannot cure. */
export const isLastingFailure = (runner: RunnerStatus): boolean =>
  runner.status === 'Failed' &&
  runner.consequence !== true &&
  runner.code !== undefined &&
  LASTING_CODES.has(runner.code)

/** Able to serve. */
export const isServing = (runner: RunnerStatus): boolean => runner.status === 'Ready' || runner.status === 'Running'
