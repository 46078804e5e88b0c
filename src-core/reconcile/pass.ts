import type { Event } from '../events/event'
import { Folding } from '../fold/index'
import type { State } from '../state/state'
import { next } from '../events/next'
import { idleEnd } from './idle-end'
import { instanceHealth } from './instance-health'
import { metaInstance } from './meta-instance'
import { nodeTimeout } from './node-timeout'
import type { Need, ProcessManager, ReconcileInputs } from './process-manager'
import { schedules } from './schedules'
import { taskRetention } from './task-retention'

/**
 * In this order, because each sees the events of those before it: node timeouts, broken instances, schedules, idle
 * ends, then missing instances.
 */
const processManagers: readonly ProcessManager[] = [
  nodeTimeout,
  instanceHealth,
  schedules,
  idleEnd,
  metaInstance,
  taskRetention,
]

export interface Pass {
  /** In the order in which they are to be appended. */
  readonly events: readonly Event[]
  readonly needs: readonly Need[]
  /** Managers that threw. Their events are discarded; the other managers still ran. */
  readonly failures: readonly { readonly manager: string; readonly error: unknown }[]
}

/** Runs every process manager once over the state. */
export const runPass = (
  state: State,
  inputs: ReconcileInputs,
  managers: readonly ProcessManager[] = processManagers,
): Pass => {
  const events: Event[] = []
  const needs: Need[] = []
  const failures: { manager: string; error: unknown }[] = []
  const seen = new Folding(state)
  for (const manager of managers) {
    try {
      const result = manager.reconcile(seen.state, inputs)
      for (const event of result.events) seen.fold(seen.read((before) => next(before, event, inputs.now)))
      events.push(...result.events)
      needs.push(...result.needs)
    } catch (error) {
      failures.push({ manager: manager.name, error })
    }
  }
  return { events, needs, failures }
}
