import { nodeName } from '@core/state/bindings'
import type { State } from '@core/state/state'
import type { Task } from '@core/state/tasks'
import { shortName } from './text'
import { t } from './texts.svelte'

/** A request with its model's name at the time it was seen. */
export interface NotedRequest {
  readonly task: Task
  readonly model: string
}

/** The oldest are dropped first. */
const MOST_NOTED = 1000

const modelName = (state: State, { instanceId }: Task): string | undefined => {
  const instance = state.instances[instanceId]
  if (!instance) return undefined
  const declared = instance.metaInstanceId && state.metaInstances[instance.metaInstanceId]
  return declared?.name ?? shortName(instance.modelId)
}

/**
 * Requests seen by this window. Needed because the state drops requests a minute after their end, and instances when
 * they are replaced.
 */
export class RequestLog {
  all: readonly NotedRequest[] = $state.raw([])
  private tasks: State['tasks'] | undefined
  private names: Readonly<Record<string, string>> = {}

  note(state: State): void {
    if (state.tasks === this.tasks) return
    this.tasks = state.tasks
    const noted = Object.fromEntries(this.all.map((request) => [request.task.taskId, request]))
    const names: Record<string, string> = { ...this.names }
    for (const task of Object.values(state.tasks)) {
      if (noted[task.taskId]?.task === task) continue
      const model = modelName(state, task) ?? names[task.instanceId] ?? goneName(state, task)
      names[task.instanceId] = model
      noted[task.taskId] = { task, model }
    }
    this.names = names
    this.all = Object.values(noted).slice(-MOST_NOTED)
  }
}

/** Fallback for an instance replaced before this window saw it: only the node that took the request is known. */
const goneName = (state: State, { takenBy }: Task): string =>
  takenBy === undefined ? t('app.earlierInstance') : t('app.earlierInstanceOn', { name: nodeName(state, takenBy) })
