import type { NodeId } from '../ids'
import type { NearbyReport, OwnView, Seen } from '../protocols/doctor'
import type { Edge } from '../state/topology'
import type { CodedText } from '../texts/coded'

/** What the doctor has collected from all machines. */
export interface Evidence {
  /** The machine that asked. */
  readonly self: NodeId
  readonly members: readonly NodeId[]
  readonly nameOf: (nodeId: NodeId) => string
  /** Views of the machines that answered, including this one. */
  readonly views: ReadonlyMap<NodeId, OwnView>
  /** Why the others did not answer. */
  readonly silent: ReadonlyMap<NodeId, CodedText>
  readonly edges: readonly Edge[]
  /** Clock offset of each machine from this one, in milliseconds. */
  readonly clocks: ReadonlyMap<NodeId, number>
  readonly nearby: readonly Omit<NearbyReport, 'tcpOut' | 'tls'>[]
}

/** Returns what `from` sees of `to`; undefined if `from` could not be asked. */
export const seenBy = ({ views }: Pick<Evidence, 'views'>, from: NodeId, to: NodeId): Seen | undefined =>
  views.get(from)?.seen.find(({ nodeId }) => nodeId === to)

/** Whether either machine reports a link between the two; undefined if neither could be asked. */
export const areLinked = (evidence: Pick<Evidence, 'views'>, a: NodeId, b: NodeId): boolean | undefined => {
  const reports = [seenBy(evidence, a, b), seenBy(evidence, b, a)].flatMap((seen) => (seen ? [seen.linked] : []))
  return reports.length === 0 ? undefined : reports.some(Boolean)
}
