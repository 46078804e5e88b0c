import { MAX_ENDED_TASKS } from '@core/fold/index'
import type { TaskStatus } from '@core/state/tasks'
import type { State } from '@core/state/state'

/** One machine of `muster top`, and one entry of its JSON. Its fields are documented in docs/cli.md. */
export interface TopMachine {
  readonly nodeId: string
  readonly name: string
  readonly connected: boolean
  readonly cpuLoad?: number
  readonly gpuLoad?: number
  readonly temperature?: number
  readonly memoryTotalBytes?: number
  readonly memoryAvailableBytes?: number
  readonly heldByRunnersBytes?: number
}

export const topMachines = (state: State): TopMachine[] =>
  Object.values(state.members).map(({ nodeId, friendlyName: name }): TopMachine => {
    const node = state.nodes[nodeId]
    if (!node) return { nodeId, name, connected: false }
    const { memory, system } = node
    return {
      ...{ nodeId, name, connected: true },
      ...(system && { cpuLoad: system.cpuLoad }),
      ...(system?.gpuLoad !== undefined && { gpuLoad: system.gpuLoad }),
      ...(system?.temperature !== undefined && { temperature: system.temperature }),
      memoryTotalBytes: memory.ramTotal,
      memoryAvailableBytes: memory.ramAvailable,
      heldByRunnersBytes: memory.heldByRunners,
    }
  })

/** Longest time over which tokens are counted. Ended tasks are kept for that long, but only the last ones. */
const WINDOW_MS = 60_000
/** Shortest time: several answers may end at once. */
const LEAST_WINDOW_MS = 1000

export interface TopRequests {
  readonly running: number
  /** Requests that wait for their turn; not counted as running. */
  readonly queued: number
  /** From answers that ended in the last minute; of more than are kept, from the last ones and their time. */
  readonly tokensPerSecond: number
}

/** How far back all ended tasks are still there. */
const windowOf = (ended: readonly number[], now: number): number =>
  ended.length < MAX_ENDED_TASKS ? WINDOW_MS : Math.min(WINDOW_MS, Math.max(LEAST_WINDOW_MS, now - Math.min(...ended)))

export const topRequests = ({ tasks, lastEventAt }: State): TopRequests => {
  const all = Object.values(tasks)
  const ended = all.flatMap(({ endedAt }) => endedAt ?? [])
  const windowMs = windowOf(ended, lastEventAt)
  const lately = all.filter(({ endedAt = 0 }) => endedAt > lastEventAt - windowMs)
  const tokens = lately.reduce((sum, { completionTokens = 0 }) => sum + completionTokens, 0)
  const count = (status: TaskStatus): number => all.filter((task) => task.status === status).length
  return { running: count('Running'), queued: count('Pending'), tokensPerSecond: (tokens * 1000) / windowMs }
}
