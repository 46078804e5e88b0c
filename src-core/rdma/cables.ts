import type { NodeId } from '../ids'
import type { Node } from '../state/nodes'
import type { State } from '../state/state'
import type { ThunderboltPeer, ThunderboltPort } from '../state/thunderbolt'

/** One end of a cable, as reported by its own machine. */
export interface CableEnd {
  readonly nodeId: NodeId
  readonly port: ThunderboltPort
  /** The machine at the other end, as seen from this port. */
  readonly peer: ThunderboltPeer
}

/** A Thunderbolt connection between two machines, direct or through docks. */
export interface Cable {
  readonly here: CableEnd
  readonly there: CableEnd
}

const peerWithUuid = (port: ThunderboltPort, uuid: string | undefined): ThunderboltPeer | undefined =>
  uuid === undefined ? undefined : port.peers.find(({ domainUuid }) => domainUuid === uuid)

/**
 * Returns the cables between two machines. Both ends must name each other: a machine that has not rescanned since a
 * cable was moved still reports the old peer.
 */
export const cablesBetween = (a: Node, b: Node): Cable[] =>
  (a.thunderbolt?.ports ?? []).flatMap((from) =>
    (b.thunderbolt?.ports ?? []).flatMap((to): Cable[] => {
      const peer = peerWithUuid(from, to.domainUuid)
      const back = peerWithUuid(to, from.domainUuid)
      if (!peer || !back) return []
      return [{ here: { nodeId: a.nodeId, port: from, peer }, there: { nodeId: b.nodeId, port: to, peer: back } }]
    }),
  )

/** Returns all cables between members, each once, with the lower node id as `here`. */
const findCables = (nodes: State['nodes']): readonly Cable[] => {
  const all = Object.values(nodes)
  const byDomain = new Map<string, Node[]>()
  for (const node of all) {
    for (const { domainUuid } of node.thunderbolt?.ports ?? [])
      if (domainUuid !== undefined) byDomain.set(domainUuid, [...(byDomain.get(domainUuid) ?? []), node])
  }
  return all.flatMap((node) => {
    const peers = (node.thunderbolt?.ports ?? []).flatMap((port) => port.peers)
    const namedNodes = new Set(peers.flatMap(({ domainUuid }) => byDomain.get(domainUuid) ?? []))
    return [...namedNodes].filter(({ nodeId }) => node.nodeId < nodeId).flatMap((other) => cablesBetween(node, other))
  })
}

/** Cached by `state.nodes`, which is replaced whenever a machine's report changes. */
const cablesByNodes = new WeakMap<State['nodes'], readonly Cable[]>()

export const cablesAmong = ({ nodes }: Pick<State, 'nodes'>): readonly Cable[] => {
  const known = cablesByNodes.get(nodes)
  if (known) return known
  const found = findCables(nodes)
  cablesByNodes.set(nodes, found)
  return found
}

export const endsOf = ({ here, there }: Cable): readonly [CableEnd, CableEnd] => [here, there]

export const isThroughDock = (cable: Cable): boolean => endsOf(cable).some(({ peer }) => peer.throughDock)

/** The speed that an end reports, in Gb/s; undefined if it reports none. */
const speedOf = ({ port, peer }: CableEnd): number | undefined => peer.linkGbps ?? port.linkGbps

/** Returns a cable's speed in Gb/s: the lower of its ends', because a dock may be visible to one end only. */
export const cableGbps = (cable: Cable): number | undefined => {
  const speeds = endsOf(cable)
    .map(speedOf)
    .filter((speed) => speed !== undefined)
  return speeds.length === 0 ? undefined : Math.min(...speeds)
}
