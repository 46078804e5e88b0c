import type { NodeId } from '../ids'
import { machineReason } from '../rdma/machine'
import { nodeName } from '../state/bindings'
import type { State } from '../state/state'
import { declarationName, namesOf } from './names'
import { jacclDeclarations, namedForRdma } from './rdma-wanted'
import type { Family, Found } from './warning'

/** Whether a machine never will have RDMA; one that does not say what its ports can do may. */
const lacksThunderbolt5 = (state: State, nodeId: NodeId): boolean => {
  const code = machineReason(state, nodeId)?.code
  return code === 'thunderbolt_4' || code === 'not_a_mac'
}

const RING =
  'Or share the model over a ring, which works over any network: in its menu choose Change…, then More, Connection, Ring.'

const named = (state: State): Found[] =>
  [...namedForRdma(state)].flatMap((nodeId): Found[] => {
    const node = state.nodes[nodeId]
    if (!node || !lacksThunderbolt5(state, nodeId)) return []
    const name = nodeName(state, nodeId)
    return [
      {
        id: `thunderbolt-5 ${nodeId}`,
        code: 'thunderbolt-5',
        severity: 'warning',
        title: `RDMA needs Thunderbolt 5, which ${name} does not have.`,
        cause:
          node.os.platform === 'darwin'
            ? `A model is to use RDMA on ${name} (${node.chip}). Its ports give 40 Gb/s at most, even where macOS says that RDMA is enabled.`
            : `A model is to use RDMA on ${name}, which is not a Mac.`,
        fix: [{ text: `Choose other machines for the model: those with Thunderbolt 5.` }, { text: RING }],
        subject: { kind: 'node', nodeId },
        nodeIds: [nodeId],
      },
    ]
  })

/** A declaration that leaves the choice open, in a cluster that has too few such machines. */
const open = (state: State): Found[] => {
  const nodes = Object.values(state.nodes)
  const able = nodes.map(({ nodeId }) => nodeId).filter((nodeId) => !lacksThunderbolt5(state, nodeId))
  return jacclDeclarations(state).flatMap((metaInstance): Found[] => {
    const { metaInstanceId, nodeIds, minNodes } = metaInstance
    const needed = Math.max(2, minNodes)
    if (nodeIds !== undefined || nodes.length === 0 || able.length >= needed) return []
    const name = declarationName(metaInstance)
    const have = able.length === 0 ? 'none here has it' : `here only ${namesOf(state, able)} has it`
    return [
      {
        id: `thunderbolt-5 ${metaInstanceId} ${able.join(',')}`,
        code: 'thunderbolt-5',
        severity: 'warning',
        title: `RDMA needs Thunderbolt 5: ${name} can’t be placed.`,
        cause: `It asks for RDMA between at least ${needed} machines with Thunderbolt 5; ${have}.`,
        fix: [
          { text: 'Add Macs with Thunderbolt 5 to this cluster, and join them by Thunderbolt 5 cables.' },
          { text: RING },
        ],
        subject: { kind: 'metaInstance', metaInstanceId },
        nodeIds: [],
      },
    ]
  })
}

/** Thunderbolt 4 has no RDMA, whatever `rdma_ctl` says. */
export const thunderbolt5Family: Family = (state) => [...named(state), ...open(state)]
