import { nodeName } from '../state/bindings'
import { bridgedEnds, namedPort } from './bridged-ports'
import { bridgeSteps } from './bridge-steps'
import { cables, joinsThunderbolt5 } from './cables'
import { listed } from './names'
import { rdmaWanted } from './rdma-wanted'
import type { Family } from './warning'

/** macOS puts all Thunderbolt ports into one bridge; a port in it has no address of its own, and no RDMA. */
export const bridgeFamily: Family = (state) => {
  const joined = cables(state).filter(joinsThunderbolt5)
  return [...rdmaWanted(state)].flatMap(([nodeId, severity]) =>
    [...bridgedEnds(state, nodeId, joined)].map(([bridge, ends]) => {
      const name = nodeName(state, nodeId)
      const ports = listed(ends.map(({ port }) => `Thunderbolt ${port.receptacle} (${port.interfaceName ?? '?'})`))
      return {
        id: `bridge ${nodeId} ${bridge} ${ends.map(({ port }) => port.interfaceName).join(',')}`,
        code: 'bridge',
        severity,
        title: `A bridge on ${name} holds ports that RDMA needs.`,
        cause: `${ports} ${ends.length === 1 ? 'is' : 'are'} in ${bridge}. A port in a bridge has no address of its own, and RDMA does not work on it.`,
        fix: bridgeSteps(state, [nodeId]),
        subject: { kind: 'node', nodeId } as const,
        nodeIds: [nodeId],
        picture: { kind: 'ports', ports: ends.map(namedPort) } as const,
      }
    }),
  )
}
