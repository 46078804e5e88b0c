import type { Timestamp } from '../ids'
import { isTerminal } from '../state/runners'
import { elapsed } from '../time/clocks'
import type { State } from '../state/state'
import { isLive } from '../state/tasks'
import { temporaryOf } from '../state/scheduling'
import { trustedAt } from '../state/topology'
import { EDGE_EXPECTED_MS, NODE_TIMEOUT_MS, silentUntil, type Liveness } from './expected'
import { idleUntil } from '../state/idleness'
import { RECOVERY_MS, RUNNER_GRACE_MS } from './instance-health'
import { SCHEDULE_HOLDS_MS } from './schedules'
import { TASK_RETENTION_MS } from './task-retention'

/** Returns the next time at which a pass may decide differently without any event; the shell sets its timer to it. */
export const nextDeadline = (state: State, liveness: Liveness): Timestamp | undefined => {
  const { now, wall, deadlinesBegan, firstHeard = {} } = liveness
  let earliest = Infinity
  const note = (time: Timestamp | undefined): void => {
    if (time !== undefined && time > now && time < earliest) earliest = time
  }
  for (const metaInstance of Object.values(state.metaInstances)) {
    note(metaInstance.nextAttemptAt)
    if (temporaryOf(metaInstance)) note(idleUntil(state, metaInstance, liveness))
    const { schedule } = metaInstance
    if (schedule?.until !== undefined)
      note(Math.max(now + elapsed(wall, schedule.until), schedule.since + SCHEDULE_HOLDS_MS))
  }
  for (const { readySince } of Object.values(state.instances))
    if (readySince !== undefined) note(readySince + RECOVERY_MS)
  for (const runner of Object.values(state.runners)) if (isTerminal(runner)) note(runner.since + RUNNER_GRACE_MS)
  for (const task of Object.values(state.tasks))
    if (!isLive(task)) note((task.endedAt ?? task.createdAt) + TASK_RETENTION_MS)
  for (const { nodeId } of Object.values(state.nodes)) note(silentUntil(nodeId, liveness))
  note(deadlinesBegan + NODE_TIMEOUT_MS)
  note(deadlinesBegan + EDGE_EXPECTED_MS)
  for (const first of Object.values(firstHeard)) note(first + EDGE_EXPECTED_MS)
  for (const lost of Object.values(state.topology.lost ?? {})) note(trustedAt(lost))
  return earliest === Infinity ? undefined : earliest
}
