import type { RunnerStatus } from '@core/state/runners'
import { clauses, coded, type CodedText } from '@core/texts/coded'
import { causeFrom, causeOfDeath, diedOfItsWork, type Death, type FailureCause } from './causes'

/** Known by its mark to those who warn of it. */
export const RDMA_LEAK = causeFrom(coded('failures.rdmaLeak'))

/** A cause, and that RDMA was lost with it. */
const withLeak = ({ errorMessage, coded: cause }: FailureCause): FailureCause => ({
  errorMessage: `${errorMessage}; ${RDMA_LEAK.errorMessage}`,
  coded: coded('failures.several', { causes: clauses(cause ?? errorMessage, coded('failures.rdmaLeak')) }),
})

/** All that is known when a runner's process is gone. */
export interface RunnerEnd extends Death {
  /** The code of its own `failed`. */
  readonly saidCode: string | undefined
  /** It was given up because of what happened elsewhere: that reason. */
  readonly consequence: CodedText | undefined
  /** It was asked to end. */
  readonly stopping: boolean
  /** It may have held RDMA that it had no time to give back. */
  readonly leaks: boolean
}

/** The last status of a runner. */
export const lastStatus = (end: RunnerEnd): Extract<RunnerStatus, { status: 'Failed' | 'Shutdown' }> => {
  const { consequence, said, saidCode, stopping, leaks } = end
  const whole = (cause: FailureCause): FailureCause => (leaks ? withLeak(cause) : cause)
  if (consequence !== undefined) return { status: 'Failed', ...whole(causeFrom(consequence)), consequence: true }
  if (stopping && said === undefined) return leaks ? { status: 'Failed', ...RDMA_LEAK } : { status: 'Shutdown' }
  const cause = causeOfDeath(end, saidCode)
  // Where another cause is known, such as want of memory, the runner's own code is not that of the cause.
  const code = cause.errorMessage === said ? saidCode : undefined
  const ofWork = !stopping && diedOfItsWork({ ...end, code: saidCode })
  return {
    status: 'Failed',
    ...whole(cause),
    ...(code !== undefined && { code }),
    ...(ofWork && { ofWork }),
  }
}
