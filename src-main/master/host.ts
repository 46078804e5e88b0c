import { randomBytes, randomUUID } from 'node:crypto'
import { CommandId, InstanceId, RunnerId } from '@core/ids'
import type { IdSource } from '@core/reconcile/index'
import { monotonic, type WallTime, wallTime } from '@core/time/clocks'
import type { Timers } from '@core/time/timers'
import type { Directory } from '../disk/directory'
import { systemDirectory } from '../disk/system-directory'
import { lockDataDir } from './data-lock'

/** Generates unique ids. */
export interface UniqueIds extends IdSource {
  commandId(): CommandId
  /** Names a run of the program. */
  boot(): string
}

/** The services of the machine: clocks, ids, disk and lock. Replaced by the simulator. */
export interface Host {
  readonly timers: Timers
  /** The system clock, which users and time servers may set. */
  readonly wall: () => WallTime
  readonly ids: UniqueIds
  /** Opens a folder by path. */
  readonly directory: (path: string) => Directory
  /** Locks a data folder for this process; returns the function that releases it. Throws MasterError. */
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

/** The real machine. */
export const systemHost: Host = {
  timers: systemTimers,
  wall: () => wallTime(Date.now()),
  ids: {
    instanceId: () => InstanceId.parse(randomUUID()),
    runnerId: () => RunnerId.parse(randomUUID()),
    commandId: () => CommandId.parse(randomUUID()),
    boot: () => randomBytes(4).toString('hex'),
  },
  directory: systemDirectory,
  lock: lockDataDir,
}
