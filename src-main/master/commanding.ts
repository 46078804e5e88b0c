import type { Command } from '@core/commands/command'
import type { Envelope } from '@core/events/event'
import type { CommandId, NodeId } from '@core/ids'
import type { SubmitResult } from '@core/protocols/peer'
import type { State } from '@core/state/state'
import { elapsed } from '@core/time/clocks'
import { wait, type Timers } from '@core/time/timers'
import { MasterError, noMaster } from './errors'
import type { Leadership } from './leadership'
import { LeadershipLost } from './pending-writes'
import { UnrelatedLog, type CommandResult, type Sequencer } from './sequencer'

/** How long a command waits for somebody who can decide. */
const NO_MASTER_MS = 10_000
/** And how often it looks. */
const LOOK_MS = 50

export interface CommandingParts {
  readonly sequencer: Sequencer
  readonly timers: Timers
  readonly leads: () => Leadership
  /** Why this node may not take commands now. */
  readonly refusal: () => MasterError | undefined
  /** Rejects where the master cannot be reached. */
  readonly elsewhere: (master: NodeId, command: Command, commandId: CommandId) => Promise<SubmitResult>
  readonly projection: {
    state(): State
    subscribe(listener: { event: (envelope: Envelope) => void; reset: () => void }): () => void
  }
}

/** Brings commands to whoever decides: here, or over the link to the master, as often as masters change. */
export class Commanding {
  /** Counts the clusters that this machine belonged to: what was asked of one is not done by another. */
  private cluster = 0

  constructor(private readonly parts: CommandingParts) {}

  /** Resolves when durable and folded here. Rejects with MasterError where nobody can decide. */
  async submit(command: Command, options: { commandId: CommandId }): Promise<CommandResult> {
    const since = this.parts.timers.monotonic()
    const { cluster } = this
    for (;;) {
      if (this.cluster !== cluster) throw noMaster()
      const refusal = this.parts.refusal()
      if (refusal) throw refusal
      const result = await this.attempt(command, options)
      if (result) return result
      if (elapsed(since, this.parts.timers.monotonic()) > NO_MASTER_MS) throw noMaster()
      await wait(this.parts.timers, LOOK_MS)
    }
  }

  /** This machine was removed and continues alone: commands that nobody has carried out are given up. */
  beginAnew(): void {
    this.cluster += 1
  }

  /** A command that another node took. */
  async submittedBy(command: Command, commandId: CommandId): Promise<SubmitResult> {
    const { sequencer, leads, refusal, projection } = this.parts
    if (leads().kind !== 'self' || refusal()) return { status: 'not_master' }
    try {
      const result = await sequencer.submit(command, { commandId })
      if (result.status === 'refused') return { status: 'refused', refusal: result.refusal }
      const { lastEventIndex, term } = projection.state()
      const { durableOn } = result
      return { status: 'done', index: lastEventIndex, term, ...(durableOn && { durableOn }) }
    } catch (error) {
      if ([LeadershipLost, MasterError, UnrelatedLog].some((kind) => error instanceof kind))
        return { status: 'not_master' }
      throw error
    }
  }

  /** The result, or undefined where somebody else has to be asked. */
  private async attempt(command: Command, options: { commandId: CommandId }): Promise<CommandResult | undefined> {
    const { sequencer, leads, elsewhere } = this.parts
    const leader = leads()
    try {
      switch (leader.kind) {
        case 'self':
          return await sequencer.submit(command, options)
        case 'nobody':
          return undefined
        case 'other': {
          const result = await elsewhere(leader.master, command, options.commandId)
          if (result.status === 'not_master') return undefined
          if (result.status === 'refused') return result
          await this.reached(result.index, result.term)
          return { status: 'done', durableOn: result.durableOn }
        }
      }
    } catch (error) {
      if (error instanceof MasterError) throw error
      // The master went away in the middle: its successor is asked, and what was done is not done twice.
      return undefined
    }
  }

  /** Resolves when this node's state has that event, or belongs to a later term. */
  private reached(index: number, term: number): Promise<void> {
    const { projection, timers } = this.parts
    const isThere = (): boolean => {
      const state = projection.state()
      return state.term > term || (state.term === term && state.lastEventIndex >= index)
    }
    if (isThere()) return Promise.resolve()
    return new Promise((resolve) => {
      const settle = (): void => {
        unsubscribe()
        cancel()
        resolve()
      }
      const look = (): void => {
        if (isThere()) settle()
      }
      const unsubscribe = projection.subscribe({ event: look, reset: look })
      const cancel = timers.after(NO_MASTER_MS, settle)
    })
  }
}
