import type { NodeId } from '../ids'
import { bridgeOf, type Cable, type CableEnd, cablesAmong, endsOf } from '../rdma/index'
import type { State } from '../state/state'
import { BridgePorts } from './bridge-commands'

/** Returns a machine's bridged ports that are cabled to a member, by bridge. */
export const bridgedEnds = (state: State, nodeId: NodeId, among: readonly Cable[]): Map<string, CableEnd[]> => {
  const found = new Map<string, CableEnd[]>()
  for (const end of among.flatMap(endsOf)) {
    if (end.nodeId !== nodeId) continue
    const bridge = bridgeOf(state, end)
    if (bridge === undefined || found.get(bridge)?.some(({ port }) => port === end.port)) continue
    found.set(bridge, [...(found.get(bridge) ?? []), end])
  }
  return found
}

/**
 * Returns the Thunderbolt ports of a machine that should leave their bridge: those cabled to members. Ports whose names
 * do not match macOS's interface names are left out.
 */
export const bridgedPorts = (state: State, nodeId: NodeId): BridgePorts[] =>
  [...bridgedEnds(state, nodeId, cablesAmong(state))].flatMap(([bridge, ends]) => {
    const interfaces = ends.flatMap(({ port: { interfaceName } }) => interfaceName ?? []).sort()
    const parsed = BridgePorts.safeParse({ bridge, interfaces })
    return parsed.success ? [parsed.data] : []
  })
