import type { NodeId } from '../ids'
import { elapsed, type Monotonic } from '../time/clocks'
import { implausible } from './distrust'
import { install, obeys, rewind, rewound, store } from './following'
import { heardHeartbeat } from './heartbeats'
import { keepTerm, termKept } from './term-keeping'
import { acknowledge, heardFollower, noteBehind, sendRecords, sent } from './leading'
import { listen } from './listening'
import { cutAfter, lastCommon } from './log-end'
import type { Message, MessageOf } from './message'
import { watchDisk } from './own-disk'
import { HEARTBEAT_MS, masterOf, peersFrom, SILENCE_MS, type Input, type Replica, type Stepped } from './replica'
import { answer, beginTerm, decide, givesWay, sendStatus, leave, sendFollow, seek } from './roles'
import { Turn } from './turn'

/** Processes one input. Pure: the replica is small and copied, and the shell carries out the effects in order. */
export const step = (replica: Replica, input: Input, now: Monotonic): Stepped => {
  const turn = new Turn(replica, now)
  take(turn, input)
  keepTerm(turn)
  const disk = watchDisk(replica, turn.replica, now)
  if (disk !== turn.replica.disk) turn.change({ disk })
  return { replica: turn.replica, effects: turn.effects }
}

const take = (turn: Turn, input: Input): void => {
  const { role } = turn.replica
  if (input.kind === 'termKept') return termKept(turn, input.known)
  if (role.kind === 'away' && input.kind !== 'wake') {
    if (input.kind === 'written') written(turn, input)
    else if (input.kind === 'rewound') rewound(turn, input)
    else if (input.kind === 'sent') sent(turn, input)
    else listen(turn, role, input)
    return
  }
  switch (input.kind) {
    case 'tick':
      tick(turn)
      return
    case 'members':
      turn.change({ peers: peersFrom(turn.replica.self, input.members, turn.replica.peers) })
      return
    case 'connected':
      turn.peer(input.peer, {
        ...{ connected: true, refused: false, connectedAt: turn.now },
        knowsTails: input.knowsTails ?? true,
      })
      sendStatus(turn, input.peer)
      return
    case 'disconnected':
      turn.peer(input.peer, { connected: false, master: undefined, flow: undefined, behindSince: undefined })
      if (masterOf(turn.replica) === input.peer) seek(turn)
      acknowledge(turn)
      return
    case 'refused':
      turn.peer(input.peer, { connected: false, refused: true })
      decide(turn)
      return
    case 'message':
      receive(turn, input.from, input.message)
      return
    case 'appended':
      turn.change({ ordered: input.log })
      return
    case 'written':
      written(turn, input)
      return
    case 'rewound':
      rewound(turn, input)
      return
    case 'sent':
      sent(turn, input)
      return
    case 'leave':
      leave(turn, input)
      return
    case 'wake':
      turn.change({ disk: { patience: turn.replica.disk.patience } })
      seek(turn, { patient: true })
      return
  }
}

const tick = (turn: Turn): void => {
  if (givesWay(turn)) return
  const { role, sentAt } = turn.replica
  if (role.kind === 'follower' && elapsed(role.heardAt, turn.now) >= SILENCE_MS) seek(turn)
  // This disk is so slow that the other members have elected another leader in the meantime.
  if (role.kind === 'beginning' && elapsed(role.since, turn.now) >= SILENCE_MS && hearsLeader(turn)) seek(turn)
  if (elapsed(sentAt, turn.now) >= HEARTBEAT_MS) {
    turn.change({ sentAt: turn.now })
    for (const peer of turn.replica.peers.keys()) sendStatus(turn, peer)
  }
  acknowledge(turn)
  decide(turn)
}

/** Whether a connected member leads or has a leader. */
const hearsLeader = (turn: Turn): boolean => {
  const { peers, self } = turn.replica
  return [...peers.values()].some(({ connected, master }) => connected && master !== undefined && master !== self)
}

const written = (turn: Turn, input: Extract<Input, { kind: 'written' }>): void => {
  const { role, self, ordered } = turn.replica
  // A write acknowledgement can arrive after a truncation; keep only the part that both logs share.
  turn.change({ log: cutAfter(input.log, lastCommon(input.log, ordered) ?? 0) })
  const { log } = turn.replica
  switch (role.kind) {
    case 'beginning': {
      const last = log.epochs.at(-1)
      if (last?.term !== role.term || last.master !== self) return
      turn.become({ kind: 'master' })
      turn.change({ acknowledged: 0, sentAt: turn.now })
      for (const peer of turn.replica.peers.keys()) sendStatus(turn, peer)
      return
    }
    case 'master':
      for (const nodeId of turn.replica.peers.keys()) {
        noteBehind(turn, nodeId)
        sendRecords(turn, nodeId)
      }
      acknowledge(turn)
      return
    case 'follower':
      sendStatus(turn, role.master)
      return
    case 'seeking':
    case 'away':
      return
  }
}

const receive = (turn: Turn, from: NodeId, message: Message): void => {
  // Ignore non-members, even if the link accepted them.
  if (!turn.replica.peers.has(from)) return
  const reason = implausible(message, turn.replica)
  if (reason !== undefined) {
    turn.effects.push({ kind: 'distrust', peer: from, reason })
    return
  }
  turn.peer(from, { heardAt: turn.now, connected: true })
  switch (message.type) {
    case 'ask':
      noteNotLeading(turn, from)
      noteAnswer(turn, from, message, {})
      answer(turn, from)
      decide(turn)
      return
    case 'answer':
      noteNotLeading(turn, from)
      noteAnswer(turn, from, message, message)
      adoptNamedLeader(turn, message.master)
      decide(turn)
      return
    case 'lead':
      noteAnswer(turn, from, message, { master: from })
      heardHeartbeat(turn, from, message)
      return
    case 'follow':
      onFollow(turn, from, message)
      return
    case 'rewind':
      rewind(turn, from, message)
      return
    case 'records':
      store(turn, from, message)
      return
    case 'snapshot':
      install(turn, from, message)
      return
    case 'probe':
      if (obeys(turn, from, message)) sendFollow(turn, from, message.epochs)
      return
    case 'handover':
      if (obeys(turn, from, message)) takeOver(turn)
      return
  }
}

/**
 * A member names a leader that this node does not know: it was admitted while this node was away or on the other side
 * of a split. Without knowing it as a member this node could never follow it, or, as a leader, never meet it. Any
 * member may admit machines, so one member's word is enough. If this node knows the leader as removed, it may have been
 * admitted again; if not, the removal is merged once this node follows.
 */
const adoptNamedLeader = (turn: Turn, master: NodeId | undefined): void => {
  const { role, self, peers } = turn.replica
  if (
    (role.kind !== 'seeking' && role.kind !== 'master') ||
    master === undefined ||
    master === self ||
    peers.has(master)
  )
    return
  turn.effects.push({ kind: 'vouched', nodeId: master })
}

/**
 * The leader hands over. Forget which leaders other members named: those messages may predate the handover, if this
 * disk is slow.
 */
const takeOver = (turn: Turn): void => {
  for (const nodeId of turn.replica.peers.keys()) turn.peer(nodeId, { master: undefined })
  beginTerm(turn, turn.replica.term + 1)
}

/** A member that asks for a leader, or names another one, does not lead itself: its followers look for a new leader. */
const noteNotLeading = (turn: Turn, from: NodeId): void => {
  if (masterOf(turn.replica) === from) seek(turn)
}

const noteAnswer = (
  turn: Turn,
  from: NodeId,
  { log }: { log: Replica['log'] },
  { master, candidate = false }: { readonly master?: NodeId | undefined; readonly candidate?: boolean | undefined },
): void => {
  const since = turn.replica.peers.get(from)?.candidateSince ?? turn.now
  turn.peer(from, { answered: true, log, master, candidateSince: candidate ? since : undefined })
}

const onFollow = (turn: Turn, from: NodeId, message: MessageOf<'follow'>): void => {
  const { term } = message
  const { role } = turn.replica
  // About to lead. Do not answer yet: an answer without a leader would make the sender follow another.
  if (role.kind === 'beginning') return
  if (role.kind !== 'master') return answer(turn, from)
  // The follower has seen a later term, and only follows in one later than that.
  if (term > turn.replica.term) return beginTerm(turn, term + 1)
  heardFollower(turn, from, message)
}
