import type { NodeId } from '../ids'
import { successorOf, shouldLead } from './election'
import { isTermKept } from './term-keeping'
import { extended } from './log-end'
import { isHanging } from './own-disk'
import { followersOf, masterOf, type Input } from './replica'
import type { Turn } from './turn'

/* The messages that a replica sends in its role, and the changes of role. */

/** Sends the periodic message of this role: a heartbeat, an acknowledgement, or the question who leads. */
export const sendStatus = (turn: Turn, to: NodeId): void => {
  const { role, term, log } = turn.replica
  if (role.kind === 'master')
    turn.send(to, {
      type: 'lead',
      term,
      log: turn.summaryFor(to, log),
      followers: followersOf(turn.replica, turn.now).length,
    })
  else if (role.kind === 'seeking') turn.send(to, { type: 'ask', term, log: turn.summaryFor(to, log) })
  else if (role.kind === 'follower' && role.master === to) sendFollow(turn, to)
}

export const sendFollow = (turn: Turn, to: NodeId, epochs?: number): void => {
  const { term, log, ordered } = turn.replica
  turn.send(to, { type: 'follow', term, log: turn.summaryFor(to, ordered, epochs), stored: log.sequence })
}

export const answer = (turn: Turn, to: NodeId): void => {
  const { term, log: own, role } = turn.replica
  if (role.kind === 'master') return sendStatus(turn, to)
  const master = masterOf(turn.replica)
  const log = turn.summaryFor(to, own)
  const candidate = role.kind === 'beginning'
  turn.send(to, {
    ...{ type: 'answer', term, log },
    ...(master !== undefined && { master }),
    ...(candidate && { candidate }),
  })
}

export const seek = (turn: Turn, { patient = false } = {}): void => {
  turn.become({ kind: 'seeking', since: turn.now, patient })
  const peers = [...turn.replica.peers].map(
    ([nodeId, peer]) => [nodeId, { ...peer, answered: false, refused: false, master: undefined }] as const,
  )
  turn.change({ peers: new Map(peers), sentAt: turn.now })
  for (const peer of turn.replica.peers.keys()) sendStatus(turn, peer)
}

export const decide = (turn: Turn): void => {
  if (shouldLead(turn.replica, turn.now)) beginTerm(turn, turn.replica.term + 1)
}

export const beginTerm = (turn: Turn, term: number): void => {
  const { ordered, self, boot } = turn.replica
  turn.change({ term, obeyed: self, hasLostTerm: undefined })
  turn.become({ kind: 'beginning', term, since: turn.now })
  const from = ordered.sequence + 1
  turn.change({
    ordered: extended(ordered, {
      sequence: from,
      epochs: [{ term, master: self, from, ...(boot !== undefined && { boot }) }],
    }),
  })
  turn.effects.push({ kind: 'beginTerm', term, ...(boot !== undefined && { boot }) })
}

export const follow = (turn: Turn, master: NodeId, term: number): void => {
  turn.change({ term, obeyed: master, hasLostTerm: undefined })
  turn.become({ kind: 'follower', master, heardAt: turn.now })
}

/** Tells this node's followers that it no longer leads, and which follower may take over. */
export const release = (turn: Turn, successor: NodeId | undefined): void => {
  const { peers, self, term, log } = turn.replica
  for (const [nodeId, { master }] of peers)
    if (master === self && nodeId !== successor)
      turn.send(nodeId, {
        type: 'answer',
        term,
        log: turn.summaryFor(nodeId, log),
        ...(successor !== undefined && { master: successor }),
      })
}

export const leave = (turn: Turn, { listens = false }: Extract<Input, { kind: 'leave' }>): void => {
  const { role, term } = turn.replica
  if (role.kind === 'master') {
    const successor = successorOf(turn.replica)
    if (successor?.lacksNothing) turn.send(successor.nodeId, { type: 'handover', term })
    release(turn, successor?.nodeId)
  }
  const hears = listens && role.kind === 'follower' ? { master: role.master, term, heardAt: role.heardAt } : undefined
  turn.become({ kind: 'away', listens, hears })
}

/**
 * A node whose disk hangs can acknowledge nothing, and its log on disk is behind what it ordered. So it neither leads
 * nor stands for election while another member is reachable. A follower remains one, as its leader does not wait for
 * it; unless the term is not on its disk yet: its leader has then not heard of it, and it only listens.
 */
export const givesWay = (turn: Turn): boolean => {
  const { role, disk, peers } = turn.replica
  const followsAlready = role.kind === 'follower' && isTermKept(turn.replica)
  const isConcerned = !followsAlready && [...peers.values()].some(({ connected }) => connected)
  if (!isConcerned || !isHanging(disk, turn.now)) return false
  leave(turn, { kind: 'leave', listens: true })
  turn.effects.push({ kind: 'diskHangs', milliseconds: disk.patience })
  return true
}
