import type { NodeId } from '../ids'
import { machineReason } from '../rdma/index'
import { nodeName } from '../state/bindings'
import { leastNodes } from '../state/least-nodes'
import type { State } from '../state/state'
import { coded } from '../texts/coded'
import { declarationName, namesOf } from './names'
import { jacclDeclarations, namedForRdma } from './rdma-wanted'
import type { Detector, DetectedWarning } from './warning'

/** Whether a machine can never have RDMA; false if its ports' capabilities are unknown. */
const lacksThunderbolt5 = (state: State, nodeId: NodeId): boolean => {
  const code = machineReason(state, nodeId)?.code
  return code === 'thunderbolt_4' || code === 'not_a_mac'
}

const RING = { text: coded('alerts.thunderbolt5.ring') }

const named = (state: State): DetectedWarning[] =>
  [...namedForRdma(state)].flatMap((nodeId): DetectedWarning[] => {
    const node = state.nodes[nodeId]
    if (!node || !lacksThunderbolt5(state, nodeId)) return []
    const name = nodeName(state, nodeId)
    return [
      {
        id: `thunderbolt-5 ${nodeId}`,
        code: 'thunderbolt-5',
        severity: 'warning',
        title: coded('alerts.thunderbolt5.title', { name }),
        cause:
          node.os.platform === 'darwin'
            ? coded('alerts.thunderbolt5.cause', { name, chip: node.chip })
            : coded('alerts.thunderbolt5.notAMac', { name }),
        fix: [{ text: coded('alerts.thunderbolt5.others') }, RING],
        subject: { kind: 'node', nodeId },
        nodeIds: [nodeId],
      },
    ]
  })

/** Warns about a declaration without named machines in a cluster with too few capable ones. */
const open = (state: State): DetectedWarning[] => {
  const nodes = Object.values(state.nodes)
  const able = nodes.map(({ nodeId }) => nodeId).filter((nodeId) => !lacksThunderbolt5(state, nodeId))
  return jacclDeclarations(state).flatMap((metaInstance): DetectedWarning[] => {
    const { metaInstanceId, nodeIds } = metaInstance
    const needed = leastNodes(metaInstance)
    if (nodeIds !== undefined || nodes.length === 0 || able.length >= needed) return []
    const name = declarationName(metaInstance)
    return [
      {
        id: `thunderbolt-5 ${metaInstanceId} ${able.join(',')}`,
        code: 'thunderbolt-5',
        severity: 'warning',
        title: coded('alerts.thunderbolt5.titleOpen', { name }),
        cause:
          able.length === 0
            ? coded('alerts.thunderbolt5.none', { count: needed })
            : coded('alerts.thunderbolt5.only', { count: needed, names: namesOf(state, able) }),
        fix: [{ text: coded('alerts.thunderbolt5.add') }, RING],
        subject: { kind: 'metaInstance', metaInstanceId },
        nodeIds: [],
      },
    ]
  })
}

/** Warns about machines without Thunderbolt 5, which have no RDMA, whatever `rdma_ctl` reports. */
export const thunderbolt5Detector: Detector = (state) => [...named(state), ...open(state)]
