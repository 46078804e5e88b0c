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

/** Window over which tokens are counted. Ended tasks are kept for that long. */
const WINDOW_MS = 60_000

export interface TopRequests {
  readonly running: number
  /** Requests that wait for their turn; not counted as running. */
  readonly queued: number
  /** From answers that ended in the last minute. */
  readonly tokensPerSecond: number
}

export const topRequests = ({ tasks, lastEventAt }: State): TopRequests => {
  const all = Object.values(tasks)
  const lately = all.filter(({ endedAt = 0 }) => endedAt > lastEventAt - WINDOW_MS)
  const tokens = lately.reduce((sum, { completionTokens = 0 }) => sum + completionTokens, 0)
  const count = (status: TaskStatus): number => all.filter((task) => task.status === status).length
  return { running: count('Running'), queued: count('Pending'), tokensPerSecond: (tokens * 1000) / WINDOW_MS }
}
