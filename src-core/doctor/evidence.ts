import type { NodeId } from '../ids'
import type { NearbyReport, OwnView, Seen } from '../protocols/doctor'
import type { Edge } from '../state/topology'

/** What is known when the doctor has asked around. */
export interface Evidence {
  /** Who asked. */
  readonly self: NodeId
  readonly members: readonly NodeId[]
  readonly nameOf: (nodeId: NodeId) => string
  /** Of those who answered, this machine among them. */
  readonly views: ReadonlyMap<NodeId, OwnView>
  /** Why the others did not. */
  readonly silent: ReadonlyMap<NodeId, string>
  readonly edges: readonly Edge[]
  /** Their clock minus ours, milliseconds. */
  readonly clocks: ReadonlyMap<NodeId, number>
  readonly nearby: readonly Omit<NearbyReport, 'tcpOut' | 'tls'>[]
}

/** What `from` sees of `to`; undefined where nobody could ask it. */
export const seenBy = ({ views }: Pick<Evidence, 'views'>, from: NodeId, to: NodeId): Seen | undefined =>
  views.get(from)?.seen.find(({ nodeId }) => nodeId === to)

/** Whether one of the two says that there is a link between them; undefined where neither could be asked. */
export const areLinked = (evidence: Pick<Evidence, 'views'>, a: NodeId, b: NodeId): boolean | undefined => {
  const said = [seenBy(evidence, a, b), seenBy(evidence, b, a)].flatMap((seen) => (seen ? [seen.linked] : []))
  return said.length === 0 ? undefined : said.some(Boolean)
}
