import { heardBy, isTermKept, masterOf, type Replica } from '@core/consensus/index'
import type { NodeId } from '@core/ids'

/** The leader that this node knows. `nobody`: none yet, or an election is under way. */
export type Leadership =
  | { readonly kind: 'nobody' }
  | { readonly kind: 'self'; readonly term: number }
  | {
      readonly kind: 'other'
      readonly master: NodeId
      readonly term: number
      /** This node's disk refuses writes: it shows the leader's state and reports to it, but stores no records. */
      readonly listensOnly?: true
    }

/** Derives the leadership from the consensus state. */
export const leadershipOf = (replica: Replica): Leadership => {
  const master = masterOf(replica)
  const heard = heardBy(replica)
  if (heard) return { kind: 'other', master: heard.master, term: heard.term, listensOnly: true }
  // A leader counts only once its term is durable here.
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
