import { randomUUID } from 'node:crypto'
import { CommandId, InstanceId, RunnerId } from '@core/ids'
import type { IdSource } from '@core/reconcile/index'
import { monotonic, type WallTime, wallTime } from '@core/time/clocks'
import type { Timers } from '@core/time/timers'
import type { Directory } from '../disk/directory'
import { systemDirectory } from '../disk/system-directory'
import { lockDataDir } from './data-lock'

/** Ids that nobody else has. */
export interface DrawnIds extends IdSource {
  commandId(): CommandId
}

/** The machine that this part runs on, as far as it matters to it. */
export interface Host {
  readonly timers: Timers
  /** What the system's clock is set to. */
  readonly wall: () => WallTime
  readonly ids: DrawnIds
  readonly directory: (path: string) => Directory
  /** Takes a data folder for this process; returns the way to give it back. Throws MasterError. */
  readonly lock: (dataDir: string) => () => void
}

export const systemTimers: Timers = {
  monotonic: () => monotonic(performance.now()),
  after: (milliseconds, act) => {
    const timer = setTimeout(act, milliseconds)
    return () => clearTimeout(timer)
  },
  every: (milliseconds, act) => {
    const timer = setInterval(act, milliseconds)
    return () => clearInterval(timer)
  },
  soon: (act) => {
    const immediate = setImmediate(act)
    return () => clearImmediate(immediate)
  },
}

/** The machine as it is. */
export const systemHost: Host = {
  timers: systemTimers,
  wall: () => wallTime(Date.now()),
  ids: {
    instanceId: () => InstanceId.parse(randomUUID()),
    runnerId: () => RunnerId.parse(randomUUID()),
    commandId: () => CommandId.parse(randomUUID()),
  },
  directory: systemDirectory,
  lock: lockDataDir,
}
