import { nodeName } from '../state/bindings'
import type { Node } from '../state/nodes'
import type { State } from '../state/state'
import { isThunderbolt5 } from './cables'
import { declarationName, namesOf } from './names'
import { jacclDeclarations, namedForRdma } from './rdma-wanted'
import type { Family, Found } from './warning'

/** Undefined where the machine does not say what its ports can do. */
const hasThunderbolt5 = ({ thunderbolt, os }: Node): boolean | undefined => {
  if (os.platform !== 'darwin') return false
  const ports = thunderbolt?.ports ?? []
  if (ports.some(isThunderbolt5)) return true
  return ports.some(({ maxGbps, linkGbps }) => maxGbps !== undefined || linkGbps !== undefined) ? false : undefined
}

const RING =
  'Or share the model over a ring, which works over any network: in its menu choose Change…, then More, Connection, Ring.'

const named = (state: State): Found[] =>
  [...namedForRdma(state)].flatMap((nodeId): Found[] => {
    const node = state.nodes[nodeId]
    if (!node || hasThunderbolt5(node) !== false) return []
    const name = nodeName(state, nodeId)
    return [
      {
        id: `thunderbolt-5 ${nodeId}`,
        code: 'thunderbolt-5',
        severity: 'warning',
        title: `RDMA needs Thunderbolt 5, which ${name} does not have.`,
        cause: `A model is to use RDMA on ${name} (${node.chip}). Its ports give 40 Gb/s at most, even where macOS says that RDMA is enabled.`,
        fix: [{ text: `Choose other machines for the model: those with Thunderbolt 5.` }, { text: RING }],
        subject: { kind: 'node', nodeId },
        nodeIds: [nodeId],
      },
    ]
  })

/** A declaration that leaves the choice open, in a cluster that has too few such machines. */
const open = (state: State): Found[] => {
  const nodes = Object.values(state.nodes)
  const able = nodes.filter((node) => hasThunderbolt5(node) !== false).map(({ nodeId }) => nodeId)
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
