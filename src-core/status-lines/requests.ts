import type { Instance } from '../state/instances'
import type { State } from '../state/state'
import { isLive, type Task } from '../state/tasks'

const byInstance = new WeakMap<State['tasks'], Map<string, Task[]>>()

/** Tasks of an instance. Indexed once per state, for all instances. */
const tasksOf = ({ tasks }: State, { instanceId }: Instance): readonly Task[] => {
  const known = byInstance.get(tasks)
  if (known) return known.get(instanceId) ?? []
  const sorted = new Map<string, Task[]>()
  for (const task of Object.values(tasks)) {
    const alike = sorted.get(task.instanceId)
    if (alike) alike.push(task)
    else sorted.set(task.instanceId, [task])
  }
  byInstance.set(tasks, sorted)
  return sorted.get(instanceId) ?? []
}

/** Tokens per second of recently ended requests, oldest first. */
export const speedsOf = (state: State, instances: readonly Instance[]): number[] =>
  instances
    .flatMap((instance) => tasksOf(state, instance))
    .flatMap(({ tokensPerSecond }) => (tokensPerSecond ? [tokensPerSecond] : []))

/** Waiting and running requests. */
export const requestsOf = (state: State, instances: readonly Instance[]): number =>
  instances.reduce((sum, instance) => sum + tasksOf(state, instance).filter(isLive).length, 0)
