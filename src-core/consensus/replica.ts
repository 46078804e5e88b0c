import { z } from 'zod'
import { NodeId, type Timestamp } from '../ids'
import type { Flow } from './flow'
import type { LogEnd } from './log-end'
import type { Message } from './message'

/** A master says that it leads this often; whoever seeks one asks as often. */
export const HEARTBEAT_MS = 250
/** A master that is not heard for so long is gone; so is a follower. */
export const SILENCE_MS = 1000
/** A follower whose disk gets nowhere for so long holds up no acknowledgement. */
export const DISK_PATIENCE_MS = 2000
/** No cluster changes its master so often between two words of one member. */
export const LARGEST_TERM_STEP = 1_000_000
/**
 * Two leaders that meet: one that has outbid another gives way to whoever outbids it within this time. Without it two
 * whose disks are slow would depose one another for ever, each while the other writes the beginning of its term.
 */
export const CONTESTED_MS = 10_000
/** Every member is tried for so long before the term is raised, unless all have answered or cannot be reached. */
export const SEEK_MS = 3000

export interface Peer {
  readonly connected: boolean
  /** Whether it takes a log that is told by its latest epochs; older versions do not. */
  readonly knowsTails?: boolean | undefined
  /** It was dialled since the seeking began, and is not there. */
  readonly refused: boolean
  /** Since when, the last time. */
  readonly connectedAt?: Timestamp | undefined
  readonly heardAt?: Timestamp | undefined
  /** What it said last of its log, and up to where it is on its disk. */
  readonly log?: LogEnd | undefined
  readonly stored?: number | undefined
  /** Whom it follows, if anybody; itself where it leads. */
  readonly master?: NodeId | undefined
  /** It has said something since the seeking began. */
  readonly answered: boolean
  /** As a follower of this master: how far it is with the log, and what is on its way to it. */
  readonly flow?: Flow | undefined
  /** As a follower: since when its disk has lacked something without getting on. */
  readonly behindSince?: Timestamp | undefined
}

export interface Following {
  readonly kind: 'follower'
  readonly master: NodeId
  readonly heardAt: Timestamp
}

/**
 * With a disk that refuses it `listens`: it has no vote, keeps no records and acknowledges nothing, but knows who leads,
 * so that it can show what the leader says and report what it sees.
 */
export interface Away {
  readonly kind: 'away'
  readonly listens?: boolean
  /** As one that listens: the leader that it hears. */
  readonly hears?: Heard | undefined
}

/** A leader that was heard by somebody who may not obey it. */
export interface Heard {
  readonly master: NodeId
  readonly term: number
  readonly heardAt: Timestamp
}

export type Role =
  /** After a sleep it is patient: who cannot be reached yet may be there, and nobody is deposed in a hurry. */
  | { readonly kind: 'seeking'; readonly since: Timestamp; readonly patient?: boolean }
  /** Until its first record is on the disk it leads nobody. */
  | { readonly kind: 'beginning'; readonly term: number; readonly since: Timestamp }
  | { readonly kind: 'master' }
  | Following
  /** It sleeps or quits, or its disk refuses: it takes no part. */
  | Away

/** One node's part in the cluster: who leads, and how far everybody's log goes. */
export interface Replica {
  readonly self: NodeId
  /** The highest term it knows of. */
  readonly term: number
  /** Whom it obeyed in that term, itself where it led: two that were parted may have taken the same one. */
  readonly obeyed?: NodeId | undefined
  /** It does not know in which terms it took part: it leads nobody before it has followed somebody. */
  readonly hasLostTerm?: boolean | undefined
  readonly role: Role
  /** What is on its own disk. */
  readonly log: LogEnd
  /** What will be there when all that was ordered so far is done. */
  readonly ordered: LogEnd
  /** All members but itself. */
  readonly peers: ReadonlyMap<NodeId, Peer>
  /** Everything up to this record has been acknowledged, as far as this master did it. */
  readonly acknowledged: number
  readonly saidAt: Timestamp
  /** When it last raised its term against another master. */
  readonly contestedAt?: Timestamp | undefined
}

export type Input =
  | { readonly kind: 'tick' }
  | { readonly kind: 'members'; readonly members: readonly NodeId[] }
  | { readonly kind: 'connected'; readonly peer: NodeId; readonly knowsTails?: boolean }
  | { readonly kind: 'disconnected'; readonly peer: NodeId }
  | { readonly kind: 'refused'; readonly peer: NodeId }
  | { readonly kind: 'message'; readonly from: NodeId; readonly message: Message }
  /** As master, this node has given its log more records: what it will be when they are written. */
  | { readonly kind: 'appended'; readonly log: LogEnd }
  /** This much of the own log is on the disk. */
  | { readonly kind: 'written'; readonly log: LogEnd }
  /** The log was set aside further back than was asked for: this is what is left, on the disk and in all. */
  | { readonly kind: 'rewound'; readonly log: LogEnd }
  /** Records up to `through` have been given to the link to that follower. */
  | { readonly kind: 'sent'; readonly to: NodeId; readonly through: number }
  | { readonly kind: 'leave'; readonly listens?: boolean }
  | { readonly kind: 'wake' }

/** What the shell has to do, in this order. */
export type Effect =
  | { readonly kind: 'send'; readonly to: NodeId; readonly message: Message }
  /**
   * `records` messages with what the own log has after `after`, of so many bytes at most or one record; a `snapshot`
   * where it no longer has them; then `sent`.
   */
  | {
      readonly kind: 'sendRecords'
      readonly to: NodeId
      readonly after: number
      readonly term: number
      readonly bytes: number
      /** The follower has to hear of every epoch of the log, not only of those that the records belong to. */
      readonly whole: boolean
    }
  /** Write the record that begins the term, then say `written`. */
  | { readonly kind: 'beginTerm'; readonly term: number }
  /** Append those of the records that came which are not there yet, in the order of these effects, then say `written`. */
  | { readonly kind: 'store'; readonly after: number; readonly log: LogEnd }
  /** Put the snapshot that came in the place of the log, then say `written`. */
  | { readonly kind: 'install'; readonly log: LogEnd }
  /** Set the own records after this one aside, have their declarations merged, then say `written` or `rewound`. */
  | { readonly kind: 'rewind'; readonly after: number }
  | { readonly kind: 'acknowledge'; readonly sequence: number }
  /** Tell people: what this member says cannot be so, and nothing was made of it. */
  | { readonly kind: 'distrust'; readonly peer: NodeId; readonly reason: string }

export interface Stepped {
  readonly replica: Replica
  readonly effects: readonly Effect[]
}

const freshPeer: Peer = { connected: false, refused: false, answered: false }

/**
 * The highest term a node has taken part in, and whom it obeyed there. The shell keeps it on the disk before anybody
 * hears of it: a node that forgot it with its process, or with records that it set aside, might lead in one term twice.
 */
export const KnownTerm = z.object({
  term: z.number().int().nonnegative(),
  obeyed: NodeId.optional(),
  /** What was kept cannot be read: it may have been any term. */
  isLost: z.boolean().optional(),
})
export type KnownTerm = z.infer<typeof KnownTerm>

export const knownTermOf = ({ term, obeyed, hasLostTerm }: Replica): KnownTerm => ({
  term,
  ...(obeyed !== undefined && { obeyed }),
  ...(hasLostTerm && { isLost: true }),
})

/** A node that has just started: it knows its log, its term and its fellow members, and looks for a master. */
export const startReplica = (
  self: NodeId,
  log: LogEnd,
  members: readonly NodeId[],
  now: Timestamp,
  known: KnownTerm = { term: 0 },
): Replica => ({
  self,
  ...latest({ term: log.epochs.at(-1)?.term ?? 0, obeyed: log.epochs.at(-1)?.master }, known),
  hasLostTerm: known.isLost,
  role: { kind: 'seeking', since: now },
  log,
  ordered: log,
  peers: peersFrom(self, members, new Map()),
  acknowledged: 0,
  saidAt: now - HEARTBEAT_MS,
})

/** The same node with another log, as after a disk that refused: what it knows of terms it still knows. */
export const restartReplica = (
  { self, term, obeyed, hasLostTerm }: Replica,
  log: LogEnd,
  members: readonly NodeId[],
  now: Timestamp,
): Replica => {
  return startReplica(self, log, members, now, { term, obeyed, isLost: hasLostTerm })
}

/** Of two the one that knows more; in the same term, whatever the disk says of whom it obeyed. */
const latest = (log: KnownTerm, { term, obeyed }: KnownTerm): KnownTerm =>
  term >= log.term && term > 0 ? { term, obeyed } : log

export const peersFrom = (
  self: NodeId,
  members: readonly NodeId[],
  known: ReadonlyMap<NodeId, Peer>,
): Map<NodeId, Peer> =>
  new Map(members.filter((member) => member !== self).map((member) => [member, known.get(member) ?? freshPeer]))

/** Whom this node takes orders from: itself where it leads. */
export const masterOf = ({ self, role }: Replica): NodeId | undefined => {
  switch (role.kind) {
    case 'master':
      return self
    case 'follower':
      return role.master
    case 'seeking':
    case 'beginning':
    case 'away':
      return undefined
  }
}

/** Who leads as far as a node knows that takes no part, and only listens. */
export const heardBy = ({ role }: Replica): Heard | undefined => (role.kind === 'away' ? role.hears : undefined)

/** Members that follow this master and were heard lately. */
export const followersOf = ({ peers, self }: Replica, now: Timestamp): Peer[] =>
  [...peers.values()].filter(
    ({ connected, master, heardAt = -Infinity }) => connected && master === self && now - heardAt < SILENCE_MS,
  )
