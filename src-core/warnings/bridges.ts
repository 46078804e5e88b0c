import type { NodeId } from '../ids'
import { cablesAmong } from '../rdma/index'
import { nodeName } from '../state/bindings'
import { allOf, coded } from '../texts/coded'
import { bridgedEnds } from './bridged-ports'
import { bridgeSteps } from './bridge-steps'
import { cabledPairs, namedPort } from './cables'
import { rdmaWanted } from './rdma-wanted'
import type { Detector } from './warning'

/**
 * Warns about bridged ports: macOS adds all Thunderbolt ports to a bridge, and a port in it has no address of its own,
 * so no RDMA.
 */
export const bridgeDetector: Detector = (state) => {
  // All cables of the pair, not only the one with the fewest reasons, since any of them may be used afterwards.
  const keptBy = (nodeId: NodeId) =>
    cabledPairs(state)
      .filter(({ reasons }) => reasons.some((reason) => reason.code === 'bridge' && reason.nodeId === nodeId))
      .flatMap((pair) => pair.cables)
  return [...rdmaWanted(state)].flatMap(([nodeId, severity]) => {
    const inTheWay = bridgedEnds(state, nodeId, keptBy(nodeId))
    // Name every port that the steps take out of such a bridge, even if the bridge is not its only problem.
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
