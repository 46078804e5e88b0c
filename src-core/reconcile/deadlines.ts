import type { Timestamp } from '../ids'
import { isTerminal } from '../state/runners'
import type { State } from '../state/state'
import { isLive } from '../state/tasks'
import { RECOVERY_MS, RUNNER_GRACE_MS } from './instance-health'
import { TASK_RETENTION_MS } from './task-retention'

/** When time alone will next change what a pass decides; the shell sets its timer by it. */
export const nextDeadline = (state: State, now: Timestamp): Timestamp | undefined => {
  const times: Timestamp[] = []
  for (const { nextAttemptAt } of Object.values(state.metaInstances))
    if (nextAttemptAt !== undefined) times.push(nextAttemptAt)
  for (const { readySince } of Object.values(state.instances))
    if (readySince !== undefined) times.push(readySince + RECOVERY_MS)
  for (const runner of Object.values(state.runners)) if (isTerminal(runner)) times.push(runner.since + RUNNER_GRACE_MS)
  for (const task of Object.values(state.tasks))
    if (!isLive(task)) times.push((task.endedAt ?? task.createdAt) + TASK_RETENTION_MS)
  const ahead = times.filter((time) => time > now)
  return ahead.length === 0 ? undefined : Math.min(...ahead)
}
