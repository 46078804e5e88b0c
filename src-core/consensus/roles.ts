import type { NodeId } from '../ids'
import { heirOf, isToLead } from './election'
import { isTermKept } from './known-term'
import { extended } from './log-end'
import { isHanging } from './own-disk'
import { followersOf, masterOf, type Input } from './replica'
import type { Turn } from './turn'

/* What a replica says in its role, and how it changes the role. */

/** Sends the periodic message of this role: a heartbeat, an acknowledgement, or the question who leads. */
export const greet = (turn: Turn, to: NodeId): void => {
  const { role, term, log } = turn.replica
  if (role.kind === 'master')
    turn.send(to, {
      type: 'lead',
      term,
      log: turn.told(to, log),
      followers: followersOf(turn.replica, turn.now).length,
    })
  else if (role.kind === 'seeking') turn.send(to, { type: 'ask', term, log: turn.told(to, log) })
  else if (role.kind === 'follower' && role.master === to) sayFollow(turn, to)
}

export const sayFollow = (turn: Turn, to: NodeId, epochs?: number): void => {
  const { term, log, ordered } = turn.replica
  turn.send(to, { type: 'follow', term, log: turn.told(to, ordered, epochs), stored: log.sequence })
}

export const answer = (turn: Turn, to: NodeId): void => {
  const { term, log: own, role } = turn.replica
  if (role.kind === 'master') return greet(turn, to)
  const master = masterOf(turn.replica)
  const log = turn.told(to, own)
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
  turn.change({ peers: new Map(peers), saidAt: turn.now })
  for (const peer of turn.replica.peers.keys()) greet(turn, peer)
}

export const decide = (turn: Turn): void => {
  if (isToLead(turn.replica, turn.now)) beginTerm(turn, turn.replica.term + 1)
}

export const beginTerm = (turn: Turn, term: number): void => {
  const { ordered, self } = turn.replica
  turn.change({ term, obeyed: self, hasLostTerm: undefined })
  turn.become({ kind: 'beginning', term, since: turn.now })
  const from = ordered.sequence + 1
  turn.change({ ordered: extended(ordered, { sequence: from, epochs: [{ term, master: self, from }] }) })
  turn.effects.push({ kind: 'beginTerm', term })
}

export const follow = (turn: Turn, master: NodeId, term: number): void => {
  turn.change({ term, obeyed: master, hasLostTerm: undefined })
  turn.become({ kind: 'follower', master, heardAt: turn.now })
}

/** Tells this node's followers that it no longer leads, and who may. */
export const release = (turn: Turn, heir: NodeId | undefined): void => {
  const { peers, self, term, log } = turn.replica
  for (const [nodeId, { master }] of peers)
    if (master === self && nodeId !== heir)
      turn.send(nodeId, {
        type: 'answer',
        term,
        log: turn.told(nodeId, log),
        ...(heir !== undefined && { master: heir }),
      })
}

export const leave = (turn: Turn, { listens = false }: Extract<Input, { kind: 'leave' }>): void => {
  const { role, term } = turn.replica
  if (role.kind === 'master') {
    const heir = heirOf(turn.replica)
    if (heir?.lacksNothing) turn.send(heir.nodeId, { type: 'handover', term })
    release(turn, heir?.nodeId)
  }
  const hears = listens && role.kind === 'follower' ? { master: role.master, term, heardAt: role.heardAt } : undefined
  turn.become({ kind: 'away', listens, hears })
}

/**
 * One whose disk hangs can acknowledge nothing, and its log is not what it ordered: it neither leads nor stands, where
 * another member could. A follower stays one, whose leader does not wait for it, unless its disk does not have the term
 * yet: then its leader has not heard of it, and it only listens.
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
