import type { NodeId } from '../ids'
import { cablesAmong } from '../rdma/cables'
import { nodeName } from '../state/bindings'
import { allOf, coded } from '../texts/coded'
import { bridgedEnds } from './bridged-ports'
import { bridgeSteps } from './bridge-steps'
import { cabledPairs, namedPort } from './cables'
import { rdmaWanted } from './rdma-wanted'
import type { Family } from './warning'

/** macOS puts all Thunderbolt ports into one bridge; a port in it has no address of its own, and no RDMA. */
export const bridgeFamily: Family = (state) => {
  // All its ports between two Macs, not only the one that lacks least: any of them may be used after that.
  const keptBy = (nodeId: NodeId) =>
    cabledPairs(state)
      .filter(({ reasons }) => reasons.some((reason) => reason.code === 'bridge' && reason.nodeId === nodeId))
      .flatMap((pair) => pair.cables)
  return [...rdmaWanted(state)].flatMap(([nodeId, severity]) => {
    const inTheWay = bridgedEnds(state, nodeId, keptBy(nodeId))
    // Whatever the steps take out of such a bridge is named, also where it is not that alone which keeps a pair apart.
    const all = [...bridgedEnds(state, nodeId, cablesAmong(state))].filter(([bridge]) => inTheWay.has(bridge))
    return all.map(([bridge, ends]) => {
      const name = nodeName(state, nodeId)
      const ports = ends.map(({ port: { receptacle, interfaceName } }) =>
        coded('alerts.bridge.port', { receptacle, port: interfaceName ?? '?' }),
      )
      return {
        id: `bridge ${nodeId} ${bridge} ${ends.map(({ port }) => port.interfaceName).join(',')}`,
        code: 'bridge',
        severity,
        title: coded('alerts.bridge.title', { name }),
        cause: coded('alerts.bridge.cause', { ports: allOf(ports), count: ends.length, bridge }),
        fix: bridgeSteps(state, [nodeId]),
        subject: { kind: 'node', nodeId } as const,
        nodeIds: [nodeId],
        picture: { kind: 'ports', ports: ends.map(namedPort) } as const,
      }
    })
  })
}
