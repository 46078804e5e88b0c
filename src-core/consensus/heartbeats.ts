import type { NodeId } from '../ids'
import { elapsed, NEVER } from '../time/clocks'
import { winsOver } from './election'
import type { MessageOf } from './message'
import { CONTESTED_MS, SILENCE_MS } from './replica'
import { answer, beginTerm, follow, sendStatus, release, sendFollow, seek } from './roles'
import type { Turn } from './turn'

/** Handles a heartbeat: this node follows its sender, rejects it for its old term, or contests it as another leader. */
export const heardHeartbeat = (turn: Turn, from: NodeId, lead: MessageOf<'lead'>): void => {
  const { role, term, obeyed } = turn.replica
  if (role.kind === 'master') return meetLeader(turn, from, lead)
  // About to lead: the two compare once this node leads.
  if (role.kind === 'beginning' && lead.term <= term) return
  // A follower stays with a leader that it still hears, and names that leader to the sender: the two may not know each
  // other.
  if (role.kind === 'follower' && role.master !== from && elapsed(role.heardAt, turn.now) < SILENCE_MS)
    return answer(turn, from)
  if (lead.term === term && obeyed !== undefined && obeyed !== from) {
    // This node accepted another leader in the same term. A term has one leader: make this one take a later term.
    if (role.kind === 'follower') seek(turn)
    turn.change({ term: term + 1, obeyed: undefined })
    return sendFollow(turn, from)
  }
  // Its term is too old: it must raise it above the highest one seen here before this node can follow.
  if (lead.term < term) return sendFollow(turn, from)
  follow(turn, from, lead.term)
  sendStatus(turn, from)
}

const meetLeader = (turn: Turn, other: NodeId, lead: MessageOf<'lead'>): void => {
  const { term, contestedAt = NEVER } = turn.replica
  if (winsOver(turn.replica, other, lead, turn.now)) {
    // What each knows of the other is slightly out of date: if both expect to win, they must not outbid each other
    // at once.
    const sinceContested = elapsed(contestedAt, turn.now)
    if (lead.term < term || sinceContested < SILENCE_MS) return
    if (lead.term === term || sinceContested >= CONTESTED_MS) {
      turn.change({ contestedAt: turn.now })
      return beginTerm(turn, lead.term + 1)
    }
  }
  if (lead.term <= term) return
  follow(turn, other, lead.term)
  release(turn, other)
  sendStatus(turn, other)
}
