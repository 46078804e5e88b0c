import type { NodeId } from '../ids'
import { chooseConnections } from '../placement/connections'
import type { RunnerCommand } from '../protocols/runner'
import type { Instance } from '../state/instances'
import { isRehearsal } from '../state/rehearsal'
import type { State } from '../state/state'
import { ringHosts } from './ring-hosts'

type Load = Extract<RunnerCommand, { type: 'load' }>

/**
 * Returns how a rank of an RDMA group joins the others. Undefined until every rank's runner has started: side-channel
 * rounds have a time limit, which must not run while a machine still downloads the model.
 */
export const rdmaJoin = (
  state: State,
  instance: Instance,
  nodeId: NodeId,
): Pick<Load, 'jaccl' | 'ring'> | undefined => {
  const { jaccl, shards } = instance
  const isStarted = shards.every(({ runnerId }) => {
    const status = state.runners[runnerId]?.status
    return status !== undefined && status !== 'Idle' && status !== 'Downloading'
  })
  if (!jaccl || !isStarted) return undefined
  if (!isRehearsal(instance)) return { jaccl: { devices: jaccl.devices } }
  const machines = shards.map((shard) => shard.nodeId)
  const hosts = ringHosts(state, { ...instance, ...chooseConnections(state, machines, 'MlxRing') }, nodeId)
  const attempt = shards.map(({ runnerId }) => runnerId).join(' ')
  return hosts && { jaccl: { devices: jaccl.devices, rehearsal: { attempt } }, ring: { hosts } }
}
