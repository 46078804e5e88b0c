import type { Instance } from '@core/state/instances'
import type { State } from '@core/state/state'
import { isLive, type Task } from '@core/state/tasks'
import { sentence, speedText } from '../../state/text'
import { t } from '../../state/texts.svelte'

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
export const requestsOf = (state: State, instance: Instance): number => tasksOf(state, instance).filter(isLive).length

/** `34 tokens/s · 2 requests`: mean of the last minute, and current load. */
export const servingLine = (state: State, instances: readonly Instance[]): string => {
  const speeds = speedsOf(state, instances)
  const requests = instances.reduce((sum, instance) => sum + requestsOf(state, instance), 0)
  const mean = speeds.reduce((sum, speed) => sum + speed, 0) / speeds.length
  const parts = speeds.length > 0 ? [speedText(mean)] : []
  return sentence(
    [...parts, requests > 0 ? t('figures.requests', { count: requests }) : t('cards.noRequests')].join(' · '),
  )
}

/** An SVG line of the speeds in a box of this size, the slowest at the bottom; undefined with too few values. */
export const sparkline = (
  speeds: readonly number[],
  { width, height }: { readonly width: number; readonly height: number },
): string | undefined => {
  if (speeds.length < 2) return undefined
  const [least, most] = [Math.min(...speeds), Math.max(...speeds)]
  // The scale covers at least a tenth of the speed, so that small differences look small.
  const range = Math.max(most - least, most / 10)
  const step = width / (speeds.length - 1)
  return speeds
    .map((speed, at) => {
      const y = height - ((speed - least) / range) * height
      return `${at === 0 ? 'M' : 'L'}${(at * step).toFixed(1)} ${y.toFixed(1)}`
    })
    .join('')
}
