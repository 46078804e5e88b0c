import type { NodeId, Timestamp } from '../ids'
import { beyondReason } from './distrust'
import { heirOf, isToLead, winsOver } from './election'
import { listen } from './listening'
import { acknowledge, heardFollower, noteBehind, sendRecords, sent } from './leading'
import { cutAfter, extended, lastCommon } from './log-end'
import type { Message, MessageOf } from './message'
import { isHanging, watchDisk } from './own-disk'
import {
  followersOf,
  CONTESTED_MS,
  HEARTBEAT_MS,
  masterOf,
  peersFrom,
  SILENCE_MS,
  type Input,
  type Replica,
  type Stepped,
} from './replica'
import { Turn } from './turn'

/** Processes one input. Pure: the replica is small and copied, and the shell carries out the effects in order. */
export const step = (replica: Replica, input: Input, now: Timestamp): Stepped => {
  const turn = new Turn(replica, now)
  new Step(turn).take(input)
  const disk = watchDisk(replica, turn.replica, now)
  if (disk !== turn.replica.disk) turn.change({ disk })
  return { replica: turn.replica, effects: turn.effects }
}

class Step {
  constructor(private readonly turn: Turn) {}

  private get replica(): Replica {
    return this.turn.replica
  }

  private get now(): Timestamp {
    return this.turn.now
  }

  take(input: Input): void {
    const { role } = this.replica
    if (role.kind === 'away' && input.kind !== 'wake') {
      if (input.kind === 'written') this.written(input)
      else if (input.kind === 'rewound') this.rewound(input)
      else if (input.kind === 'sent') sent(this.turn, input)
      else listen(this.turn, role, input)
      return
    }
    switch (input.kind) {
      case 'tick':
        this.tick()
        return
      case 'members':
        this.turn.change({ peers: peersFrom(this.replica.self, input.members, this.replica.peers) })
        return
      case 'connected':
        this.turn.peer(input.peer, {
          ...{ connected: true, refused: false, connectedAt: this.now },
          knowsTails: input.knowsTails ?? true,
        })
        this.greet(input.peer)
        return
      case 'disconnected':
        this.turn.peer(input.peer, { connected: false, master: undefined, flow: undefined, behindSince: undefined })
        if (masterOf(this.replica) === input.peer) this.seek()
        acknowledge(this.turn)
        return
      case 'refused':
        this.turn.peer(input.peer, { connected: false, refused: true })
        this.decide()
        return
      case 'message':
        this.receive(input.from, input.message)
        return
      case 'appended':
        this.turn.change({ ordered: input.log })
        return
      case 'written':
        this.written(input)
        return
      case 'rewound':
        this.rewound(input)
        return
      case 'sent':
        sent(this.turn, input)
        return
      case 'leave':
        this.leave(input)
        return
      case 'wake':
        this.turn.change({ disk: { patience: this.replica.disk.patience } })
        this.seek({ patient: true })
        return
    }
  }

  private tick(): void {
    if (this.givesWay()) return
    const { role, saidAt } = this.replica
    if (role.kind === 'follower' && this.now - role.heardAt >= SILENCE_MS) this.seek()
    // Its disk is so slow that the others have found a leader and followed that one.
    if (role.kind === 'beginning' && this.now - role.since >= SILENCE_MS && this.hearsLeader()) this.seek()
    if (this.now - saidAt >= HEARTBEAT_MS) {
      this.turn.change({ saidAt: this.now })
      for (const peer of this.replica.peers.keys()) this.greet(peer)
    }
    acknowledge(this.turn)
    this.decide()
  }

  /**
   * One whose disk hangs can acknowledge nothing, and its log is not what it ordered: it neither leads nor stands, where
   * another member could. A follower stays one; its leader does not wait for it.
   */
  private givesWay(): boolean {
    const { role, disk, peers } = this.replica
    const isConcerned = role.kind !== 'follower' && [...peers.values()].some(({ connected }) => connected)
    if (!isConcerned || !isHanging(disk, this.now)) return false
    this.leave({ kind: 'leave', listens: true })
    this.turn.effects.push({ kind: 'diskHangs', milliseconds: disk.patience })
    return true
  }

  /** Whether a connected member leads or has a leader. */
  private hearsLeader(): boolean {
    const { peers, self } = this.replica
    return [...peers.values()].some(({ connected, master }) => connected && master !== undefined && master !== self)
  }

  private rewound({ log }: Extract<Input, { kind: 'rewound' }>): void {
    this.turn.change({ log, ordered: log })
    // The term was to start on records that no longer exist.
    if (this.replica.role.kind === 'beginning') return this.seek()
    const master = masterOf(this.replica)
    if (master !== undefined) this.greet(master)
  }

  /** Sends the periodic message of this role: a heartbeat, an acknowledgement, or the question who leads. */
  private greet(to: NodeId): void {
    const { role, term, log } = this.replica
    if (role.kind === 'master')
      this.turn.send(to, {
        type: 'lead',
        term,
        log: this.turn.told(to, log),
        followers: followersOf(this.replica, this.now).length,
      })
    else if (role.kind === 'seeking') this.turn.send(to, { type: 'ask', term, log: this.turn.told(to, log) })
    else if (role.kind === 'follower' && role.master === to) this.sayFollow(to)
  }

  private sayFollow(to: NodeId, epochs?: number): void {
    const { term, log, ordered } = this.replica
    this.turn.send(to, { type: 'follow', term, log: this.turn.told(to, ordered, epochs), stored: log.sequence })
  }

  private seek({ patient = false } = {}): void {
    this.turn.become({ kind: 'seeking', since: this.now, patient })
    const peers = [...this.replica.peers].map(
      ([nodeId, peer]) => [nodeId, { ...peer, answered: false, refused: false, master: undefined }] as const,
    )
    this.turn.change({ peers: new Map(peers), saidAt: this.now })
    for (const peer of this.replica.peers.keys()) this.greet(peer)
  }

  private decide(): void {
    if (isToLead(this.replica, this.now)) this.beginTerm(this.replica.term + 1)
  }

  private beginTerm(term: number): void {
    const { ordered, self } = this.replica
    this.turn.change({ term, obeyed: self, hasLostTerm: undefined })
    this.turn.become({ kind: 'beginning', term, since: this.now })
    const from = ordered.sequence + 1
    this.turn.change({ ordered: extended(ordered, { sequence: from, epochs: [{ term, master: self, from }] }) })
    this.turn.effects.push({ kind: 'beginTerm', term })
  }

  private written(input: Extract<Input, { kind: 'written' }>): void {
    const { role, self, ordered } = this.replica
    // A write acknowledgement can arrive after a truncation; keep only the part that both logs share.
    this.turn.change({ log: cutAfter(input.log, lastCommon(input.log, ordered) ?? 0) })
    const { log } = this.replica
    switch (role.kind) {
      case 'beginning': {
        const last = log.epochs.at(-1)
        if (last?.term !== role.term || last.master !== self) return
        this.turn.become({ kind: 'master' })
        this.turn.change({ acknowledged: 0, saidAt: this.now })
        for (const peer of this.replica.peers.keys()) this.greet(peer)
        return
      }
      case 'master':
        for (const nodeId of this.replica.peers.keys()) {
          noteBehind(this.turn, nodeId)
          sendRecords(this.turn, nodeId)
        }
        acknowledge(this.turn)
        return
      case 'follower':
        this.greet(role.master)
        return
      case 'seeking':
      case 'away':
        return
    }
  }

  private leave({ listens = false }: Extract<Input, { kind: 'leave' }>): void {
    const { role, term } = this.replica
    if (role.kind === 'master') {
      const heir = heirOf(this.replica)
      if (heir?.lacksNothing) this.turn.send(heir.nodeId, { type: 'handover', term })
      this.release(heir?.nodeId)
    }
    const hears = listens && role.kind === 'follower' ? { master: role.master, term, heardAt: role.heardAt } : undefined
    this.turn.become({ kind: 'away', listens, hears })
  }

  private receive(from: NodeId, message: Message): void {
    // Ignore non-members, even if the link accepted them.
    if (!this.replica.peers.has(from)) return
    const reason = beyondReason(message, this.replica)
    if (reason !== undefined) {
      this.turn.effects.push({ kind: 'distrust', peer: from, reason })
      return
    }
    this.turn.peer(from, { heardAt: this.now, connected: true })
    switch (message.type) {
      case 'ask':
        this.leadsNoMore(from)
        this.heardOf(from, message, {})
        this.answer(from)
        this.decide()
        return
      case 'answer':
        this.leadsNoMore(from)
        this.heardOf(from, message, message)
        this.decide()
        return
      case 'lead':
        this.heardOf(from, message, { master: from })
        this.heardMaster(from, message)
        return
      case 'follow':
        this.heardFollower(from, message)
        return
      case 'rewind':
        this.rewind(from, message)
        return
      case 'records':
        this.store(from, message)
        return
      case 'snapshot':
        this.install(from, message)
        return
      case 'probe':
        if (this.obeys(from, message)) this.sayFollow(from, message.epochs)
        return
      case 'handover':
        if (this.obeys(from, message)) this.takeOver()
        return
    }
  }

  /** The leader goes: it must not be taken for one that others found while this node's disk was slow. */
  private takeOver(): void {
    for (const nodeId of this.replica.peers.keys()) this.turn.peer(nodeId, { master: undefined })
    this.beginTerm(this.replica.term + 1)
  }

  /** A member that asks for a leader, or names another one, does not lead: its followers seek a new one. */
  private leadsNoMore(from: NodeId): void {
    if (masterOf(this.replica) === from) this.seek()
  }

  private heardOf(
    from: NodeId,
    { log }: { log: Replica['log'] },
    { master, candidate = false }: { readonly master?: NodeId | undefined; readonly candidate?: boolean | undefined },
  ): void {
    const since = this.replica.peers.get(from)?.candidateSince ?? this.now
    this.turn.peer(from, { answered: true, log, master, candidateSince: candidate ? since : undefined })
  }

  private answer(to: NodeId): void {
    const { term, log: own, role } = this.replica
    if (role.kind === 'master') return this.greet(to)
    const master = masterOf(this.replica)
    const log = this.turn.told(to, own)
    const candidate = role.kind === 'beginning'
    this.turn.send(to, {
      ...{ type: 'answer', term, log },
      ...(master !== undefined && { master }),
      ...(candidate && { candidate }),
    })
  }

  /** Only the leader of the current term is obeyed. */
  private obeys(from: NodeId, { term }: { term: number }): boolean {
    const { role } = this.replica
    return role.kind === 'follower' && role.master === from && term === this.replica.term
  }

  private rewind(from: NodeId, { after, ...message }: MessageOf<'rewind'>): void {
    const { ordered, log } = this.replica
    if (!this.obeys(from, message) || after >= ordered.sequence) return
    this.turn.change({ ordered: cutAfter(ordered, after), log: cutAfter(log, after) })
    this.turn.effects.push({ kind: 'rewind', after })
    this.greet(from)
  }

  private store(from: NodeId, { after, log, ...message }: MessageOf<'records'>): void {
    const { ordered } = this.replica
    // Ignore records with a gap before them (the leader learns of it from the next acknowledgement) and known ones.
    if (!this.obeys(from, message) || after > ordered.sequence || log.sequence <= ordered.sequence) return
    if (lastCommon(log, ordered) !== ordered.sequence) return
    this.turn.change({ ordered: extended(ordered, log) })
    this.turn.effects.push({ kind: 'store', after, log })
  }

  private install(from: NodeId, { log, ...message }: MessageOf<'snapshot'>): void {
    const { ordered } = this.replica
    if (!this.obeys(from, message) || log.sequence <= ordered.sequence) return
    const common = lastCommon(log, ordered)
    if (common !== undefined && common < ordered.sequence) return
    this.turn.change({ ordered: log })
    this.turn.effects.push({ kind: 'install', log })
  }

  private heardMaster(from: NodeId, lead: MessageOf<'lead'>): void {
    const { role, term, obeyed } = this.replica
    if (role.kind === 'master') return this.meetMaster(from, lead)
    // About to lead: the two leaders then compare. A follower stays with a leader that it still hears.
    if (role.kind === 'beginning' && lead.term <= term) return
    if (role.kind === 'follower' && role.master !== from && this.now - role.heardAt < SILENCE_MS) return
    if (lead.term === term && obeyed !== undefined && obeyed !== from) {
      // This node accepted another leader in the same term. A term has one leader: make this one take a later term.
      if (role.kind === 'follower') this.seek()
      this.turn.change({ term: term + 1, obeyed: undefined })
      return this.sayFollow(from)
    }
    // Its term is too old: it must raise it above the highest one seen here before this node can follow.
    if (lead.term < term) return this.sayFollow(from)
    this.follow(from, lead.term)
    this.greet(from)
  }

  private follow(master: NodeId, term: number): void {
    this.turn.change({ term, obeyed: master, hasLostTerm: undefined })
    this.turn.become({ kind: 'follower', master, heardAt: this.now })
  }

  private meetMaster(other: NodeId, lead: MessageOf<'lead'>): void {
    const { term, contestedAt = -Infinity } = this.replica
    if (winsOver(this.replica, other, lead, this.now)) {
      // What each knows of the other is slightly out of date: if both expect to win, they must not outbid each other
      // at once.
      const sinceContested = this.now - contestedAt
      if (lead.term < term || sinceContested < SILENCE_MS) return
      if (lead.term === term || sinceContested >= CONTESTED_MS) {
        this.turn.change({ contestedAt: this.now })
        return this.beginTerm(lead.term + 1)
      }
    }
    if (lead.term <= term) return
    this.follow(other, lead.term)
    this.release(other)
    this.greet(other)
  }

  /** Tells this node's followers that it no longer leads, and who may. */
  private release(heir: NodeId | undefined): void {
    const { peers, self, term, log } = this.replica
    for (const [nodeId, { master }] of peers)
      if (master === self && nodeId !== heir)
        this.turn.send(nodeId, {
          type: 'answer',
          term,
          log: this.turn.told(nodeId, log),
          ...(heir !== undefined && { master: heir }),
        })
  }

  private heardFollower(from: NodeId, message: MessageOf<'follow'>): void {
    const { term } = message
    const { role } = this.replica
    // About to lead: an answer without a leader would make the sender follow another.
    if (role.kind === 'beginning') return
    if (role.kind !== 'master') return this.answer(from)
    // The follower has seen a later term, and only follows in one later than that.
    if (term > this.replica.term) return this.beginTerm(term + 1)
    heardFollower(this.turn, from, message)
  }
}
