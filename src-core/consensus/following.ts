import type { NodeId } from '../ids'
import { cutAfter, extended, lastCommon } from './log-end'
import type { MessageOf } from './message'
import { masterOf, type Input } from './replica'
import { sendStatus, seek } from './roles'
import type { Turn } from './turn'

/* A follower's log: it stores, sets aside or replaces records as its leader orders, and ignores everyone else. */

/** Only orders of the current term's leader are carried out. */
export const obeys = (turn: Turn, from: NodeId, { term }: { term: number }): boolean => {
  const { role } = turn.replica
  return role.kind === 'follower' && role.master === from && term === turn.replica.term
}

export const store = (turn: Turn, from: NodeId, { after, log, ...message }: MessageOf<'records'>): void => {
  const { ordered } = turn.replica
  // Ignore records with a gap before them (the leader learns of it from the next acknowledgement) and known ones.
  if (!obeys(turn, from, message) || after > ordered.sequence || log.sequence <= ordered.sequence) return
  if (lastCommon(log, ordered) !== ordered.sequence) return
  turn.change({ ordered: extended(ordered, log) })
  turn.effects.push({ kind: 'store', after, log })
}

export const install = (turn: Turn, from: NodeId, { log, ...message }: MessageOf<'snapshot'>): void => {
  const { ordered } = turn.replica
  if (!obeys(turn, from, message) || log.sequence <= ordered.sequence) return
  const common = lastCommon(log, ordered)
  if (common !== undefined && common < ordered.sequence) return
  turn.change({ ordered: log })
  turn.effects.push({ kind: 'install', log })
}

export const rewind = (turn: Turn, from: NodeId, { after, ...message }: MessageOf<'rewind'>): void => {
  const { ordered, log } = turn.replica
  if (!obeys(turn, from, message) || after >= ordered.sequence) return
  turn.change({ ordered: cutAfter(ordered, after), log: cutAfter(log, after) })
  turn.effects.push({ kind: 'rewind', after })
  sendStatus(turn, from)
}

export const rewound = (turn: Turn, { log }: Extract<Input, { kind: 'rewound' }>): void => {
  turn.change({ log, ordered: log })
  // The term was to start after records that no longer exist.
  if (turn.replica.role.kind === 'beginning') return seek(turn)
  const master = masterOf(turn.replica)
  if (master !== undefined) sendStatus(turn, master)
}
