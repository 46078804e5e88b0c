import type { NodeId } from '../ids'
import { beginFlow, beginSending, endSending, hear, nextWindow } from './flow'
import { EPOCHS_SENT, lastCommon, type LogEnd } from './log-end'
import type { MessageOf } from './message'
import type { Input, Replica } from './replica'
import { safeSequence } from './safe-sequence'
import type { Turn } from './turn'

/** Growth of the epochs requested, each time that those reported were too few. */
const MORE_EPOCHS = 16

/** Log replication on the leader: sends each follower the records that it lacks, and acknowledges what is safe. */

/** Sends a follower its next window, if there is anything to send. */
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

/** Notes since when a follower's disk has been behind the log. */
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

/** The last record that a follower shares with this log; undefined if it has to report more epochs first. */
const commonWith = ({ log }: Replica, theirs: LogEnd): number | undefined => {
  const common = lastCommon(theirs, log)
  if (common !== undefined) return common
  // Epochs that this log no longer remembers cannot be compared: the follower starts over with an empty log.
  return (theirs.earlier ?? 0) > 0 ? undefined : 0
}

/** Handles a follower's report of its log in this term. */
export const heardFollower = (turn: Turn, from: NodeId, { log, stored }: MessageOf<'follow'>): void => {
  const { self, term, peers } = turn.replica
  const before = peers.get(from)
  const end = turn.replica.log.sequence
  const gotOn = stored >= end ? undefined : stored > (before?.stored ?? -1) ? turn.now : before?.behindSince
  turn.peer(from, { log, stored, master: self, answered: true, behindSince: gotOn })
  const common = commonWith(turn.replica, log)
  if (common === undefined)
    return turn.send(from, { type: 'probe', term, epochs: MORE_EPOCHS * Math.max(EPOCHS_SENT, log.epochs.length) })
  if (log.sequence > common) {
    turn.peer(from, { flow: undefined })
    return turn.send(from, { type: 'rewind', term, after: common })
  }
  const flow = (before?.master === self ? before.flow : undefined) ?? beginFlow(common, turn.now)
  turn.peer(from, { flow: hear(flow, { acked: common, end, now: turn.now }) })
  sendRecords(turn, from)
  acknowledge(turn)
}
