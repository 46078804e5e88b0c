import type { NodeId } from '../ids'
import { beginFlow, beginSending, endSending, hear, nextWindow } from './flow'
import { EPOCHS_TOLD, lastCommon, type LogEnd } from './log-end'
import type { MessageOf } from './message'
import type { Input, Replica } from './replica'
import { safeSequence } from './safe-sequence'
import type { Turn } from './turn'

/** Each time that too few epochs were told, so many times as many are asked for. */
const MORE_EPOCHS = 16

/** What a leader does with the log that a follower has: sends what it lacks, and acknowledges what is safe. */

/** The next window, where there is something to send to a follower. */
export const sendRecords = (turn: Turn, to: NodeId): void => {
  const { role, self, term, log, peers } = turn.replica
  const peer = peers.get(to)
  if (role.kind !== 'master' || peer?.flow === undefined || peer.master !== self) return
  const after = nextWindow(peer.flow, log.sequence)
  if (after === undefined) return
  const whole = peer.knowsTails === false
  turn.effects.push({ kind: 'sendRecords', to, after, term, bytes: peer.flow.window, whole })
  turn.peer(to, { flow: beginSending(peer.flow, turn.now) })
}

export const sent = (turn: Turn, { to, through }: Extract<Input, { kind: 'sent' }>): void => {
  const flow = turn.replica.peers.get(to)?.flow
  if (flow === undefined) return
  turn.peer(to, { flow: endSending(flow, through, turn.now) })
  sendRecords(turn, to)
}

/** Since when its disk lacks something. */
export const noteBehind = (turn: Turn, nodeId: NodeId): void => {
  const peer = turn.replica.peers.get(nodeId)
  if (peer?.stored !== undefined && peer.stored < turn.replica.log.sequence && peer.behindSince === undefined)
    turn.peer(nodeId, { behindSince: turn.now })
}

export const acknowledge = (turn: Turn): void => {
  const { role, acknowledged } = turn.replica
  if (role.kind !== 'master') return
  const sequence = safeSequence(turn.replica, turn.now)
  if (sequence <= acknowledged) return
  turn.change({ acknowledged: sequence })
  turn.effects.push({ kind: 'acknowledge', sequence })
}

/** Up to where a follower has this log; undefined where it has to tell more epochs first. */
const commonWith = ({ log }: Replica, theirs: LogEnd): number | undefined => {
  const common = lastCommon(theirs, log)
  if (common !== undefined) return common
  // What this log no longer knows itself nobody can find: the follower begins anew.
  return (theirs.earlier ?? 0) > 0 ? undefined : 0
}

/** A follower of this term says how far its log goes. */
export const heardFollower = (turn: Turn, from: NodeId, { log, stored }: MessageOf<'follow'>): void => {
  const { self, term, peers } = turn.replica
  const before = peers.get(from)
  const end = turn.replica.log.sequence
  const gotOn = stored >= end ? undefined : stored > (before?.stored ?? -1) ? turn.now : before?.behindSince
  turn.peer(from, { log, stored, master: self, answered: true, behindSince: gotOn })
  const common = commonWith(turn.replica, log)
  if (common === undefined)
    return turn.send(from, { type: 'probe', term, epochs: MORE_EPOCHS * Math.max(EPOCHS_TOLD, log.epochs.length) })
  if (log.sequence > common) {
    turn.peer(from, { flow: undefined })
    return turn.send(from, { type: 'rewind', term, after: common })
  }
  const flow = (before?.master === self ? before.flow : undefined) ?? beginFlow(common, turn.now)
  turn.peer(from, { flow: hear(flow, { acked: common, end, now: turn.now }) })
  sendRecords(turn, from)
  acknowledge(turn)
}
