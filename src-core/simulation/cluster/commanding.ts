import type { Command } from '../../commands/command'
import type { CommandId, NodeId, Timestamp } from '../../ids'
import type { SubmitResult } from '../../protocols/peer'
import type { State } from '../../state/state'
import type { NodeClock } from './node-clock'
import type { Outcome } from './outcome'
import type { Packet } from './packet'
import type { Leadership } from './replication'
import type { SimulatedSequencing } from './sequencing'

/** How long a command waits for somebody who can decide, and how often it looks: as the product does. */
const NO_MASTER_MS = 10_000
const LOOK_MS = 50

export interface CommandingParts {
  readonly clock: NodeClock
  readonly sequencing: SimulatedSequencing
  readonly leads: () => Leadership
  readonly state: () => State
  readonly isLinked: (peer: NodeId) => boolean
  readonly send: (to: NodeId, packet: Packet) => void
}

type Tell = (outcome: Outcome) => void
type Asked = { readonly master: NodeId; readonly take: (result: SubmitResult) => void }

/** Brings commands to whoever decides: here, or over the link to the master, as often as masters change. */
export class SimulatedCommanding {
  private requests = 0
  private readonly asked = new Map<number, Asked>()
  private readonly waiting = new Set<() => boolean>()

  constructor(private readonly parts: CommandingParts) {}

  submit(command: Command, commandId: CommandId, tell: Tell): void {
    this.attempt(command, commandId, tell, this.parts.clock.now() + NO_MASTER_MS)
  }

  /** A command that another node took. */
  submittedBy(from: NodeId, { request, command, commandId }: Extract<Packet, { kind: 'submit' }>): void {
    const { leads, sequencing, send, state } = this.parts
    const answer = (result: SubmitResult): void => send(from, { kind: 'result', request, result })
    if (leads().kind !== 'self') return answer({ status: 'not_master' })
    sequencing.submit(command, commandId, (outcome) => {
      const { lastEventIndex, term } = state()
      if (outcome.status === 'refused') answer(outcome)
      else if (outcome.status === 'done') answer({ status: 'done', index: lastEventIndex, term })
      else answer({ status: 'not_master' })
    })
  }

  answered({ request, result }: Extract<Packet, { kind: 'result' }>): void {
    const asked = this.asked.get(request)
    this.asked.delete(request)
    asked?.take(result)
  }

  /** What was asked there is asked again. */
  linkLost(peer: NodeId): void {
    for (const [request, { master, take }] of this.asked) {
      if (master !== peer) continue
      this.asked.delete(request)
      take({ status: 'not_master' })
    }
  }

  /** This node's state has changed: has it what was answered? */
  look(): void {
    for (const isThere of this.waiting) if (isThere()) this.waiting.delete(isThere)
  }

  /** The process ended: nobody waits here any more. */
  end(): void {
    this.asked.clear()
    this.waiting.clear()
  }

  private attempt(command: Command, commandId: CommandId, tell: Tell, deadline: Timestamp): void {
    const { clock, leads, sequencing, isLinked, send } = this.parts
    const again = (): void => {
      if (clock.now() > deadline) return tell({ status: 'undecided' })
      clock.after(LOOK_MS, () => this.attempt(command, commandId, tell, deadline))
    }
    const leader = leads()
    if (leader.kind === 'self')
      return sequencing.submit(command, commandId, (outcome) => (outcome.status === 'lost' ? again() : tell(outcome)))
    if (leader.kind === 'nobody' || !isLinked(leader.master)) return again()
    const { master } = leader
    const request = ++this.requests
    const take = (result: SubmitResult): void => {
      if (result.status === 'not_master') again()
      else if (result.status === 'refused') tell({ status: 'refused', refusal: result.refusal })
      else this.whenThere(result, () => tell({ status: 'done' }))
    }
    this.asked.set(request, { master, take })
    send(master, { kind: 'submit', request, command, commandId })
  }

  /** When this node's state has that event, or belongs to a later term; it is not waited for for ever. */
  private whenThere({ index, term }: { readonly index: number; readonly term: number }, done: () => void): void {
    const { state, clock } = this.parts
    let told = false
    const settle = (): true => {
      if (!told) done()
      told = true
      return true
    }
    const isThere = (): boolean => {
      const { term: at, lastEventIndex } = state()
      return told || at > term || (at === term && lastEventIndex >= index) ? settle() : false
    }
    if (isThere()) return
    this.waiting.add(isThere)
    clock.after(NO_MASTER_MS, settle)
  }
}
