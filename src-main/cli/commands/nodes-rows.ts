import type { ClusterView } from '@core/protocols/cluster'
import type { State } from '@core/state/state'

/** One line of `muster nodes`, and one entry of its JSON. Its fields are documented in docs/cli.md. */
export interface NodesRow {
  readonly nodeId: string
  readonly name: string
  /** `this`: the node that was asked. */
  readonly state: 'this' | 'connected' | 'away'
  readonly master: boolean
  readonly version?: string
  readonly chip?: string
  readonly memoryTotalBytes?: number
  readonly memoryAvailableBytes?: number
  readonly diskFreeBytes?: number
  /** Number of instances with a shard there. */
  readonly instances: number
  /** Why no model runs there, or why it is unreachable. */
  readonly problem?: string
}

/** All members, in order of joining. */
export const nodesRows = (state: State, view: ClusterView): NodesRow[] =>
  view.members.map(({ nodeId, friendlyName, linked, failure }): NodesRow => {
    const node = state.nodes[nodeId]
    const problem = node?.cannotRun ?? (linked ? undefined : failure)
    return {
      nodeId,
      name: friendlyName,
      state: nodeId === view.nodeId ? 'this' : linked ? 'connected' : 'away',
      master: view.masterNodeId === nodeId,
      ...(node && {
        version: node.version,
        chip: node.chip,
        memoryTotalBytes: node.memory.ramTotal,
        memoryAvailableBytes: node.memory.ramAvailable,
        ...(node.disk && { diskFreeBytes: node.disk.freeBytes }),
      }),
      instances: Object.values(state.instances).filter(({ shards }) => shards.some((shard) => shard.nodeId === nodeId))
        .length,
      ...(problem !== undefined && { problem }),
    }
  })
