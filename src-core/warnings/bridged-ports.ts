import type { NodeId } from '../ids'
import { bridgeOf } from '../rdma/cable-reasons'
import { cablesAmong, endsOf, type Cable, type CableEnd } from '../rdma/cables'
import type { State } from '../state/state'
import { BridgePorts } from './bridge-commands'

/** A machine's ports that are cabled to a member and lie in a bridge, by bridge. */
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
 * What there is to take out of bridges on a machine: its Thunderbolt ports that are cabled to members.
 * Names that no interface of macOS has are left out.
 */
export const bridgedPorts = (state: State, nodeId: NodeId): BridgePorts[] =>
  [...bridgedEnds(state, nodeId, cablesAmong(state))].flatMap(([bridge, ends]) => {
    const interfaces = ends.flatMap(({ port: { interfaceName } }) => interfaceName ?? []).sort()
    const parsed = BridgePorts.safeParse({ bridge, interfaces })
    return parsed.success ? [parsed.data] : []
  })
