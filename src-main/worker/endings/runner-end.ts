import type { RunnerStatus } from '@core/state/runners'
import { clauses, coded, type CodedText } from '@core/texts/coded'
import { causeFrom, causeOfDeath, diedOfItsWork, type Death, type FailureCause } from './causes'

/** The text by which warnings recognize that RDMA resources were lost. */
export const RDMA_LEAK = causeFrom(coded('failures.rdmaLeak'))

/** Appends the loss of RDMA resources to a cause. */
const withLeak = ({ errorMessage, coded: cause }: FailureCause): FailureCause => ({
  errorMessage: `${errorMessage}; ${RDMA_LEAK.errorMessage}`,
  coded: coded('failures.several', { causes: clauses(cause ?? errorMessage, coded('failures.rdmaLeak')) }),
})

/** The facts known when a runner's process is gone. */
export interface RunnerEnd extends Death {
  /** The code of its own `failed`. */
  readonly reportedCode: string | undefined
  /** The reason for giving it up, if something elsewhere was the cause. */
  readonly consequence: CodedText | undefined
  /** Whether it was asked to end. */
  readonly stopping: boolean
  /** Whether it may have held RDMA resources that it could not release. */
  readonly leaks: boolean
}

/** Derives the last status of a runner. */
export const lastStatus = (end: RunnerEnd): Extract<RunnerStatus, { status: 'Failed' | 'Shutdown' }> => {
  const { consequence, reported, reportedCode, stopping, leaks } = end
  const whole = (cause: FailureCause): FailureCause => (leaks ? withLeak(cause) : cause)
  if (consequence !== undefined) return { status: 'Failed', ...whole(causeFrom(consequence)), consequence: true }
  if (stopping && reported === undefined) return leaks ? { status: 'Failed', ...RDMA_LEAK } : { status: 'Shutdown' }
  const cause = causeOfDeath(end, reportedCode)
  // If another cause was recognized, such as out of memory, the runner's own code does not apply.
  const code = cause.errorMessage === reported ? reportedCode : undefined
  const ofWork = !stopping && diedOfItsWork({ ...end, code: reportedCode })
  return {
    status: 'Failed',
    ...whole(cause),
    ...(code !== undefined && { code }),
    ...(ofWork && { ofWork }),
  }
}
