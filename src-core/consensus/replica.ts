import type { NodeId } from '../ids'
import { elapsed, later, type Monotonic, NEVER } from '../time/clocks'
import type { Flow } from './flow'
import type { KnownTerm } from './known-term'
import type { LogEnd } from './log-end'
import type { Message } from './message'
import { soundDisk, type OwnDisk } from './own-disk'

/** Interval of a leader's heartbeats, and of the requests of a node that seeks a leader. */
export const HEARTBEAT_MS = 250
/** A leader or follower that was not heard for this long counts as gone. */
export const SILENCE_MS = 1000
/** How long a member's answer counts in an election. A seeking member answers four times a second. */
export const VOTE_MS = 2000
/** A term this far ahead of the highest known one is implausible, and is ignored. */
export const MAX_TERM_STEP = 1_000_000
/**
 * When two leaders meet, one that has outbid the other yields to the next bid within this time. Otherwise two leaders
 * with slow disks would depose each other for ever, each while the other writes the start of its term.
 */
export const CONTESTED_MS = 10_000
/** How long members are tried before the term is raised, unless all have answered or refused. */
export const SEEK_MS = 3000

export interface Peer {
  readonly connected: boolean
  /** Whether it accepts a log described by its latest epochs only; older versions do not. */
  readonly knowsTails?: boolean | undefined
  /** It was dialled since the search for a leader began, and could not be reached. */
  readonly refused: boolean
  /** Start of the present or last connection. */
  readonly connectedAt?: Monotonic | undefined
  readonly heardAt?: Monotonic | undefined
  /** The log that it last reported, and up to which record that log is on its disk (`stored`). */
  readonly log?: LogEnd | undefined
  readonly stored?: number | undefined
  /** The leader that it follows, if any; itself if it leads. */
  readonly master?: NodeId | undefined
  /** It has sent a message since the search for a leader began. */
  readonly answered: boolean
  /** Since when it has reported that it is about to lead. */
  readonly candidateSince?: Monotonic | undefined
  /** For a follower of this leader: replication progress. */
  readonly flow?: Flow | undefined
  /** For a follower: since when its disk has been behind without progress. */
  readonly behindSince?: Monotonic | undefined
}

export interface Following {
  readonly kind: 'follower'
  readonly master: NodeId
  readonly heardAt: Monotonic
}

/**
 * Takes no part: the node sleeps or quits, or its disk refuses writes or hangs. With a bad disk it `listens`: without a
 * vote, a log or acknowledgements, it tracks the leader in order to show the leader's state and report to it.
 */
export interface Away {
  readonly kind: 'away'
  readonly listens?: boolean
  /** The leader that a listening node hears. */
  readonly hears?: Heard | undefined
}

/** A leader as seen by a node that may not follow it. */
export interface Heard {
  readonly master: NodeId
  readonly term: number
  readonly heardAt: Monotonic
}

export type Role =
  /** `patient` after a wake: unreachable members may only be late, so no election starts before the full wait. */
  | { readonly kind: 'seeking'; readonly since: Monotonic; readonly patient?: boolean }
  /** Elected, but its first record is not on its disk yet. */
  | { readonly kind: 'beginning'; readonly term: number; readonly since: Monotonic }
  | { readonly kind: 'master' }
  | Following
  | Away

/** State of one node in the consensus: its role, and how far every member's log goes. */
export interface Replica {
  readonly self: NodeId
  /** Names this run of the program in the epochs that it begins. */
  readonly boot?: string | undefined
  /** The highest term seen. */
  readonly term: number
  /**
   * The leader accepted in that term; itself if it led. Needed because both sides of a split can take the same term.
   */
  readonly obeyed?: NodeId | undefined
  /** The stored term is unreadable: it must not lead before it has followed a leader. */
  readonly hasLostTerm?: boolean | undefined
  /** The term and accepted leader that are on its disk, and those that are being written. */
  readonly kept: KnownTerm
  readonly keeping?: KnownTerm | undefined
  readonly role: Role
  /** The log on this node's disk. */
  readonly log: LogEnd
  /** The log after all writes ordered so far. */
  readonly ordered: LogEnd
  readonly disk: OwnDisk
  /** All members except this one. */
  readonly peers: ReadonlyMap<NodeId, Peer>
  /** Commit index: as leader, this node has acknowledged everything up to this record. */
  readonly acknowledged: number
  readonly sentAt: Monotonic
  /** When it last raised its term against another leader. */
  readonly contestedAt?: Monotonic | undefined
}

export type Input =
  | { readonly kind: 'tick' }
  | { readonly kind: 'members'; readonly members: readonly NodeId[] }
  | { readonly kind: 'connected'; readonly peer: NodeId; readonly knowsTails?: boolean }
  | { readonly kind: 'disconnected'; readonly peer: NodeId }
  | { readonly kind: 'refused'; readonly peer: NodeId }
  | { readonly kind: 'message'; readonly from: NodeId; readonly message: Message }
  /** As leader, this node appended records; `log` is the log once they are written. */
  | { readonly kind: 'appended'; readonly log: LogEnd }
  /** This term is on this node's disk. */
  | { readonly kind: 'termKept'; readonly known: KnownTerm }
  /** The log on disk now ends here. */
  | { readonly kind: 'written'; readonly log: LogEnd }
  /**
   * The log was truncated further back than ordered; `log` is the remaining log, on disk and with outstanding writes.
   */
  | { readonly kind: 'rewound'; readonly log: LogEnd }
  /** Records up to `through` were handed to the follower's link. */
  | { readonly kind: 'sent'; readonly to: NodeId; readonly through: number }
  | { readonly kind: 'leave'; readonly listens?: boolean }
  | { readonly kind: 'wake' }

/** Work for the shell, in this order. */
export type Effect =
  /**
   * Write this to the disk, then input `termKept`. Effects after it wait until then: before that no message of the term
   * is sent and no record of it is stored.
   */
  | { readonly kind: 'keepTerm'; readonly known: KnownTerm }
  | { readonly kind: 'send'; readonly to: NodeId; readonly message: Message }
  /**
   * Send `records` messages with the records after `after`, up to `bytes` (or one record), or a `snapshot` if the log
   * no longer holds them; then input `sent`.
   */
  | {
      readonly kind: 'sendRecords'
      readonly to: NodeId
      readonly after: number
      readonly term: number
      readonly bytes: number
      /** The follower runs an older version and needs every epoch of the log, not only those of the records sent. */
      readonly whole: boolean
    }
  /** Write the record that starts the term, then input `written`. */
  | { readonly kind: 'beginTerm'; readonly term: number; readonly boot?: string | undefined }
  /** Append those of the received records that are new, in the order of these effects, then input `written`. */
  | { readonly kind: 'store'; readonly after: number; readonly log: LogEnd }
  /** Replace the log by the received snapshot, then input `written`. */
  | { readonly kind: 'install'; readonly log: LogEnd }
  /** Set aside the records after this one, have their declarations merged, then input `written` or `rewound`. */
  | { readonly kind: 'rewind'; readonly after: number }
  | { readonly kind: 'acknowledge'; readonly sequence: number }
  /**
   * This node's disk has not answered for this long: the node takes no part until a write completes, which is input as
   * `written`.
   */
  | { readonly kind: 'diskHangs'; readonly milliseconds: number }
  /**
   * A member follows a leader that this node does not know as a member. Treat it as one until the log says whether it
   * is.
   */
  | { readonly kind: 'vouched'; readonly nodeId: NodeId }
  /** Report to the user that a member's message was implausible and was ignored. */
  | { readonly kind: 'distrust'; readonly peer: NodeId; readonly reason: string }

export interface Stepped {
  readonly replica: Replica
  readonly effects: readonly Effect[]
}

const freshPeer: Peer = { connected: false, refused: false, answered: false }

/** A node right after its start: it has its log, term and members, and has no leader yet. */
export const startReplica = (
  self: NodeId,
  log: LogEnd,
  members: readonly NodeId[],
  now: Monotonic,
  { boot, ...known }: KnownTerm & Pick<Replica, 'boot'> = { term: 0 },
): Replica => ({
  self,
  boot,
  ...latest({ term: log.epochs.at(-1)?.term ?? 0, obeyed: log.epochs.at(-1)?.master }, known),
  hasLostTerm: known.isLost,
  kept: known,
  role: { kind: 'seeking', since: now },
  log,
  ordered: log,
  disk: soundDisk,
  peers: peersFrom(self, members, new Map()),
  acknowledged: 0,
  sentAt: later(now, -HEARTBEAT_MS),
})

/**
 * The same node restarted on another log, as after a disk failure; it keeps its term and the learned speed of its disk.
 */
export const restartReplica = (
  { self, boot, term, obeyed, hasLostTerm, kept, disk: { patience } }: Replica,
  log: LogEnd,
  members: readonly NodeId[],
  now: Monotonic,
): Replica => ({
  ...startReplica(self, log, members, now, { boot, term, obeyed, isLost: hasLostTerm }),
  kept,
  disk: { patience },
})

/** The later of two; in the same term the stored one, because it names the leader accepted. */
const latest = (log: KnownTerm, { term, obeyed }: KnownTerm): KnownTerm =>
  term >= log.term && term > 0 ? { term, obeyed } : log

export const peersFrom = (
  self: NodeId,
  members: readonly NodeId[],
  known: ReadonlyMap<NodeId, Peer>,
): Map<NodeId, Peer> =>
  new Map(members.filter((member) => member !== self).map((member) => [member, known.get(member) ?? freshPeer]))

/** The leader of this node; itself if it leads. */
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

/** The leader that a node hears while it only listens. */
export const heardBy = ({ role }: Replica): Heard | undefined => (role.kind === 'away' ? role.hears : undefined)

/** Members that follow this leader and were heard recently. */
export const followersOf = ({ peers, self }: Replica, now: Monotonic): Peer[] =>
  [...peers.values()].filter(
    ({ connected, master, heardAt = NEVER }) => connected && master === self && elapsed(heardAt, now) < SILENCE_MS,
  )
