import type { NodeId } from '../ids'
import type { State } from '../state/state'
import type { ThunderboltPort } from '../state/thunderbolt'

/** One end of a cable. */
export interface CableEnd {
  readonly nodeId: NodeId
  readonly port: ThunderboltPort
  /** The machine's model id (`Mac15,14`), as the other end sees it. */
  readonly model: string | undefined
}

/** Two members joined by Thunderbolt, with a dock in between or without; the lower node id first. */
export interface Cable {
  readonly ends: readonly [CableEnd, CableEnd]
  readonly nodeIds: readonly [NodeId, NodeId]
  /** What both ends agreed on, where they say. */
  readonly gbps: number | undefined
  readonly throughDock: boolean
}

/** Thunderbolt 5 gives 80 Gb/s (120 one way), Thunderbolt 4 and 3 give 40. */
export const THUNDERBOLT_5_GBPS = 80

export const isThunderbolt5 = ({ maxGbps, linkGbps }: ThunderboltPort): boolean =>
  Math.max(maxGbps ?? 0, linkGbps ?? 0) >= THUNDERBOLT_5_GBPS

/** Whether both ends could give 80 Gb/s, whatever the cable gives. */
export const joinsThunderbolt5 = ({ ends: [a, b] }: Cable): boolean => isThunderbolt5(a.port) && isThunderbolt5(b.port)

interface Located {
  readonly nodeId: NodeId
  readonly port: ThunderboltPort
}

const gbpsOf = (a: ThunderboltPort, b: ThunderboltPort): number | undefined => {
  const said = [a.linkGbps, b.linkGbps].filter((gbps) => gbps !== undefined)
  return said.length === 0 ? undefined : Math.min(...said)
}

const findCables = (nodes: State['nodes']): readonly Cable[] => {
  const located: Located[] = Object.values(nodes).flatMap(({ nodeId, thunderbolt }) =>
    (thunderbolt?.ports ?? []).map((port) => ({ nodeId, port })),
  )
  const byDomain = new Map(located.flatMap((end) => (end.port.domainUuid ? [[end.port.domainUuid, end] as const] : [])))
  const found = new Map<string, Cable>()
  for (const here of located) {
    for (const { domainUuid } of here.port.peers) {
      const there = byDomain.get(domainUuid)
      if (!there || there.nodeId === here.nodeId) continue
      const [a, b] = here.nodeId < there.nodeId ? [here, there] : [there, here]
      const key = `${a.nodeId}:${a.port.receptacle} ${b.nodeId}:${b.port.receptacle}`
      const seenFrom = (one: Located, other: Located) =>
        one.port.peers.find((peer) => peer.domainUuid === other.port.domainUuid)
      const [ofB, ofA] = [seenFrom(a, b), seenFrom(b, a)]
      found.set(key, {
        ends: [
          { ...a, model: ofA?.model },
          { ...b, model: ofB?.model },
        ],
        nodeIds: [a.nodeId, b.nodeId],
        gbps: gbpsOf(a.port, b.port),
        throughDock: [ofA, ofB].some((peer) => peer?.throughDock ?? false),
      })
    }
  }
  return [...found.values()]
}

/** They are asked for by each kind of warning, and change only with what a machine says. */
const listed = new WeakMap<State['nodes'], readonly Cable[]>()

/**
 * The cables between members. Each end names the other by its domain's UUID; one of the two is enough,
 * for the machines do not look at the same moment.
 */
export const cables = ({ nodes }: Pick<State, 'nodes'>): readonly Cable[] => {
  const known = listed.get(nodes)
  if (known) return known
  const found = findCables(nodes)
  listed.set(nodes, found)
  return found
}

/** The cables that join the same two machines, together. */
export const byPair = (all: readonly Cable[]): Cable[][] => {
  const pairs = new Map<string, Cable[]>()
  for (const cable of all) {
    const key = cable.nodeIds.join(' ')
    pairs.set(key, [...(pairs.get(key) ?? []), cable])
  }
  return [...pairs.values()]
}
