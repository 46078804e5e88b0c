import type { State } from '@core/state/state'
import { isLive, type Task } from '@core/state/tasks'
import type { GlyphTone } from '../../components/glyph.svelte'
import { instanceName } from '../cluster/bands'

/** One request as the list shows it. */
export interface RequestView {
  readonly task: Task
  readonly model: string
  readonly word: string
  readonly tone: GlyphTone
  readonly live: boolean
}

const wordAndTone = ({ status }: Task): [string, GlyphTone] => {
  switch (status) {
    case 'Pending':
      return ['Waiting', 'waiting']
    case 'Running':
      return ['Running', 'working']
    case 'Complete':
      return ['Done', 'ready']
    case 'Failed':
      return ['Failed', 'failed']
    case 'Cancelled':
      return ['Cancelled', 'offline']
  }
}

/** The newest first; those that still run before those that ended. */
export const requestsIn = (state: State): readonly RequestView[] => {
  const views = Object.values(state.tasks)
    .reverse()
    .map((task): RequestView => {
      const instance = state.instances[task.instanceId]
      const [word, tone] = wordAndTone(task)
      const model = instance ? instanceName(state, instance) : 'a model that is gone'
      return { task, model, word, tone, live: isLive(task) }
    })
  return [...views.filter(({ live }) => live), ...views.filter(({ live }) => !live)]
}
