import { elapsed } from '../time/clocks'
import { implausible } from './distrust'
import { peersFrom, SILENCE_MS, type Away, type Input } from './replica'
import type { Turn } from './turn'

/**
 * Handles inputs while a node takes no part. Members and links are tracked for its return; a node that `listens` also
 * tracks which leader it hears. It sends nothing and keeps its term: hearing a leader is not following it.
 */
export const listen = (turn: Turn, { listens = false, hears }: Away, input: Input): void => {
  const isSilent = hears !== undefined && elapsed(hears.heardAt, turn.now) >= SILENCE_MS
  const { self, peers } = turn.replica
  switch (input.kind) {
    case 'leave': {
      const mayListen = input.listens === true
      return turn.become({ kind: 'away', listens: mayListen, hears: mayListen ? hears : undefined })
    }
    case 'members':
      return turn.change({ peers: peersFrom(self, input.members, peers) })
    case 'connected':
      return turn.peer(input.peer, { connected: true, knowsTails: input.knowsTails ?? true })
    case 'disconnected':
      turn.peer(input.peer, { connected: false })
      if (hears?.master === input.peer) turn.become({ kind: 'away', listens })
      return
    case 'tick':
      if (isSilent) turn.become({ kind: 'away', listens })
      return
    case 'message': {
      const { from, message } = input
      if (!listens || message.type !== 'lead' || !peers.has(from)) return
      if (implausible(message, turn.replica) !== undefined) return
      const { term } = message
      if (hears !== undefined && !isSilent && hears.master !== from && term <= hears.term) return
      return turn.become({ kind: 'away', listens, hears: { master: from, term, heardAt: turn.now } })
    }
    case 'refused':
    case 'appended':
    case 'termKept':
    case 'written':
    case 'rewound':
    case 'sent':
    case 'wake':
  }
}
