import type { NodeId } from '../ids'
import type { Node } from '../state/nodes'
import type { State } from '../state/state'
import type { ThunderboltPeer, ThunderboltPort } from '../state/thunderbolt'

/** One end of a cable, as its own machine sees it. */
export interface CableEnd {
  readonly nodeId: NodeId
  readonly port: ThunderboltPort
  /** How the machine at the other end looks from here. */
  readonly peer: ThunderboltPeer
}

/** A Thunderbolt cable between two machines, or a way through docks. */
export interface Cable {
  readonly here: CableEnd
  readonly there: CableEnd
}

const named = (port: ThunderboltPort, uuid: string | undefined): ThunderboltPeer | undefined =>
  uuid === undefined ? undefined : port.peers.find(({ domainUuid }) => domainUuid === uuid)

/**
 * The cables between two machines. A cable counts when both its ends name each other: a machine that has not looked
 * again since its cable was moved still names the old end, and must not be believed alone.
 */
export const cablesBetween = (a: Node, b: Node): Cable[] =>
  (a.thunderbolt?.ports ?? []).flatMap((from) =>
    (b.thunderbolt?.ports ?? []).flatMap((to): Cable[] => {
      const peer = named(from, to.domainUuid)
      const back = named(to, from.domainUuid)
      if (!peer || !back) return []
      return [{ here: { nodeId: a.nodeId, port: from, peer }, there: { nodeId: b.nodeId, port: to, peer: back } }]
    }),
  )

/** All cables between members, each once, with the lower node id `here`. */
const findCables = (nodes: State['nodes']): readonly Cable[] => {
  const all = Object.values(nodes)
  const byDomain = new Map<string, Node[]>()
  for (const node of all) {
    for (const { domainUuid } of node.thunderbolt?.ports ?? [])
      if (domainUuid !== undefined) byDomain.set(domainUuid, [...(byDomain.get(domainUuid) ?? []), node])
  }
  return all.flatMap((node) => {
    const peers = (node.thunderbolt?.ports ?? []).flatMap((port) => port.peers)
    const named = new Set(peers.flatMap(({ domainUuid }) => byDomain.get(domainUuid) ?? []))
    return [...named].filter(({ nodeId }) => node.nodeId < nodeId).flatMap((other) => cablesBetween(node, other))
  })
}

/** Many ask for them, and they change only with what a machine says. */
const listed = new WeakMap<State['nodes'], readonly Cable[]>()

export const cablesAmong = ({ nodes }: Pick<State, 'nodes'>): readonly Cable[] => {
  const known = listed.get(nodes)
  if (known) return known
  const found = findCables(nodes)
  listed.set(nodes, found)
  return found
}

export const endsOf = ({ here, there }: Cable): readonly [CableEnd, CableEnd] => [here, there]

export const isThroughDock = (cable: Cable): boolean => endsOf(cable).some(({ peer }) => peer.throughDock)

/** What an end says of the speed; undefined where it says nothing. */
const speedOf = ({ port, peer }: CableEnd): number | undefined => peer.linkGbps ?? port.linkGbps

/** Gb/s of a cable: the lower of what its ends say, for a dock shows to one of them only. */
export const cableGbps = (cable: Cable): number | undefined => {
  const speeds = endsOf(cable)
    .map(speedOf)
    .filter((speed) => speed !== undefined)
  return speeds.length === 0 ? undefined : Math.min(...speeds)
}
