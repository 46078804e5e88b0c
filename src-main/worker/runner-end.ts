import type { RunnerStatus } from '@core/state/runners'
import { causeOfDeath, diedOfItsWork, type Death } from './causes'

/** Known by its mark to those who warn of it. */
export const RDMA_LEAK = '[jaccl] killed while it used RDMA: its protection domain may leak until this Mac restarts'

/** All that is known when a runner's process is gone. */
export interface RunnerEnd extends Death {
  /** The code of its own `failed`. */
  readonly saidCode: string | undefined
  /** It was given up because of what happened elsewhere: that reason. */
  readonly consequence: string | undefined
  /** It was asked to end. */
  readonly stopping: boolean
  /** It may have held RDMA that it had no time to give back. */
  readonly leaks: boolean
}

/** The last status of a runner. */
export const lastStatus = (end: RunnerEnd): Extract<RunnerStatus, { status: 'Failed' | 'Shutdown' }> => {
  const { consequence, said, saidCode, stopping, leaks } = end
  const leak = leaks ? [RDMA_LEAK] : []
  if (consequence !== undefined)
    return { status: 'Failed', errorMessage: [consequence, ...leak].join('; '), consequence: true }
  if (stopping && said === undefined)
    return leaks ? { status: 'Failed', errorMessage: RDMA_LEAK } : { status: 'Shutdown' }
  const cause = causeOfDeath(end)
  // Where another cause is known, such as want of memory, the runner's own code is not that of the cause.
  const code = cause === said ? saidCode : undefined
  const ofWork = !stopping && diedOfItsWork({ ...end, code: saidCode })
  return {
    status: 'Failed',
    errorMessage: [cause, ...leak].join('; '),
    ...(code !== undefined && { code }),
    ...(ofWork && { ofWork }),
  }
}
