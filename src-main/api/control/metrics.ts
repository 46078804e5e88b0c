import { TaskStatus } from '@core/state/tasks'
import type { State } from '@core/state/state'
import { statusOf } from '@core/state/status'
import { MetaInstanceStatusWord } from '@core/protocols/control'

const count = <Value>(values: Iterable<Value>, of: (value: Value) => boolean): number => {
  let found = 0
  for (const value of values) if (of(value)) found += 1
  return found
}

/** Requests for instances of which this machine has rank 0. */
export interface LiveRequests {
  readonly running: number
  readonly waiting: number
}

/** The state, and what this machine computes, in Prometheus' text format. */
export const metrics = async (state: State, live: LiveRequests): Promise<{ text: string; contentType: string }> => {
  // Few nodes are scraped: the others need not hold the library in memory.
  const { Gauge, Registry } = await import('prom-client')
  const register = new Registry()
  const registers = [register]
  const declared = new Gauge({
    name: 'muster_meta_instances',
    help: 'Declarations by status.',
    labelNames: ['status'],
    registers,
  })
  const words = Object.values(state.metaInstances).map((one) => statusOf(state, one).word)
  for (const status of MetaInstanceStatusWord.options)
    declared.set(
      { status },
      count(words, (word) => word === status),
    )
  const tasks = new Gauge({
    name: 'muster_tasks',
    help: 'Tasks by status; of those that ended in the last minute the latest hundred.',
    labelNames: ['status'],
    registers,
  })
  for (const status of TaskStatus.options)
    tasks.set(
      { status },
      count(Object.values(state.tasks), (task) => task.status === status),
    )
  const requests = new Gauge({
    name: 'muster_requests',
    help: 'Requests that run on this machine’s runners of rank 0, or wait for one.',
    labelNames: ['status'],
    registers,
  })
  requests.set({ status: 'running' }, live.running)
  requests.set({ status: 'waiting' }, live.waiting)
  const memory = new Gauge({
    name: 'muster_node_memory_available_bytes',
    help: 'Memory that a machine could give.',
    labelNames: ['node'],
    registers,
  })
  for (const {
    nodeId,
    memory: { ramAvailable },
  } of Object.values(state.nodes))
    memory.set({ node: nodeId }, ramAvailable)
  new Gauge({ name: 'muster_last_event_index', help: 'Events of this cluster so far.', registers }).set(
    state.lastEventIndex,
  )
  return { text: await register.metrics(), contentType: register.contentType }
}
