import type { KnownTerm } from './known-term'
import type { Replica } from './replica'
import type { Turn } from './turn'

const knownTermOf = ({ term, obeyed, hasLostTerm }: Replica): KnownTerm => ({
  term,
  ...(obeyed !== undefined && { obeyed }),
  ...(hasLostTerm && { isLost: true }),
})

const isSame = (a: KnownTerm, b: KnownTerm): boolean =>
  a.term === b.term && a.obeyed === b.obeyed && (a.isLost ?? false) === (b.isLost ?? false)

/** Whether this node's current term is on its disk. Until then no message has mentioned it. */
export const isTermKept = (replica: Replica): boolean => isSame(knownTermOf(replica), replica.kept)

/** If this step has changed the term, orders it to be written before all other effects of the step. */
export const keepTerm = (turn: Turn): void => {
  const { kept, keeping = kept } = turn.replica
  const known = knownTermOf(turn.replica)
  if (isSame(known, keeping)) return
  turn.change({ keeping: known })
  turn.effects.unshift({ kind: 'keepTerm', known })
}

export const termKept = (turn: Turn, known: KnownTerm): void => {
  const { keeping = known } = turn.replica
  turn.change({ kept: known, keeping: isSame(keeping, known) ? undefined : keeping })
}
