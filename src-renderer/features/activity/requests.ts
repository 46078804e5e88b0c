import { isLive, type Task } from '@core/state/tasks'
import type { NotedRequest } from '../../state/request-log.svelte'
import type { GlyphTone } from '../../components/glyph-tone'

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
export const requestsIn = (noted: readonly NotedRequest[]): readonly RequestView[] => {
  const views = [...noted].reverse().map(({ task, model }): RequestView => {
    const [word, tone] = wordAndTone(task)
    return { task, model, word, tone, live: isLive(task) }
  })
  return [...views.filter(({ live }) => live), ...views.filter(({ live }) => !live)]
}
