import { heardBy, isTermKept, masterOf, type Replica } from '@core/consensus/index'
import type { NodeId } from '@core/ids'

/** Who leads, as far as this node knows. */
export type Leadership =
  | { readonly kind: 'nobody' }
  | { readonly kind: 'self'; readonly term: number }
  | {
      readonly kind: 'other'
      readonly master: NodeId
      readonly term: number
      /** This node's disk refuses: it shows what the leader says and reports to it, and keeps none of its records. */
      readonly listensOnly?: true
    }

export const leadershipOf = (replica: Replica): Leadership => {
  const master = masterOf(replica)
  const heard = heardBy(replica)
  if (heard) return { kind: 'other', master: heard.master, term: heard.term, listensOnly: true }
  // As long as the disk does not have its term, a leader has not been followed yet.
  if (master === undefined || !isTermKept(replica)) return { kind: 'nobody' }
  const { term } = replica
  return master === replica.self ? { kind: 'self', term } : { kind: 'other', master, term }
}

export const isSameLeadership = (a: Leadership, b: Leadership): boolean => {
  if (a.kind === 'nobody' || b.kind === 'nobody') return a.kind === b.kind
  if (a.term !== b.term) return false
  if (a.kind === 'self' || b.kind === 'self') return a.kind === b.kind
  return a.master === b.master && a.listensOnly === b.listensOnly
}
