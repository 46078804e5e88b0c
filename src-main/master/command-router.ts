import type { Command } from '@core/commands/command'
import type { Envelope } from '@core/events/event'
import type { CommandId, NodeId } from '@core/ids'
import type { SubmitResult } from '@core/protocols/peer'
import type { State } from '@core/state/state'
import { elapsed } from '@core/time/clocks'
import { wait, type Timers } from '@core/time/timers'
import { MasterError, noMaster } from './errors'
import type { Leadership } from './leadership'
import { LeadershipLost } from './replication/pending-writes'
import { UnrelatedLog, type CommandResult, type Sequencer } from './sequencer'

/** How long a command waits for a leader, and then for this node to catch up. */
const TIMEOUT_MS = 10_000
const POLL_MS = 50

export interface CommandRouterParts {
  readonly sequencer: Sequencer
  readonly timers: Timers
  readonly leadership: () => Leadership
  /** Why this node cannot take commands now; undefined if it can. */
  readonly refusal: () => MasterError | undefined
  /** Sends a command to another leader. Rejects if it cannot be reached. */
  readonly forward: (master: NodeId, command: Command, commandId: CommandId) => Promise<SubmitResult>
  readonly projection: {
    state(): State
    subscribe(listener: { event: (envelope: Envelope) => void; reset: () => void }): () => void
  }
}

/** Routes commands to the leader: this node, or another over its link. Retries if the leader changes. */
export class CommandRouter {
  /** Increases when this machine changes its cluster: waiting commands must not be executed in another one. */
  private cluster = 0

  constructor(private readonly parts: CommandRouterParts) {}

  /**
   * Submits a command of this node. Resolves when it is acknowledged and this node has folded its events, or is refused.
   * Rejects with MasterError if this node cannot take commands, or finds no leader within ten seconds: it is then unknown
   * whether the command was executed. A retry with the same id is safe.
   */
  async submit(command: Command, options: { commandId: CommandId }): Promise<CommandResult> {
    const since = this.parts.timers.monotonic()
    const { cluster } = this
    for (;;) {
      if (this.cluster !== cluster) throw noMaster()
      const refusal = this.parts.refusal()
      if (refusal) throw refusal
      const result = await this.tryOnce(command, options)
      if (result) return result
      if (elapsed(since, this.parts.timers.monotonic()) > TIMEOUT_MS) throw noMaster()
      await wait(this.parts.timers, POLL_MS)
    }
  }

  /** This machine changed its cluster: commands that still wait for a leader are rejected. */
  rejectWaiting(): void {
    this.cluster += 1
  }

  /** Executes a command forwarded by another node. Resolves with `not_master` if this node does not lead, or stops to. */
  async submittedBy(command: Command, commandId: CommandId): Promise<SubmitResult> {
    const { sequencer, leadership, refusal, projection } = this.parts
    if (leadership().kind !== 'self' || refusal()) return { status: 'not_master' }
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

  /** Resolves with the result, or with undefined if the command has to be submitted again. */
  private async tryOnce(command: Command, options: { commandId: CommandId }): Promise<CommandResult | undefined> {
    const { sequencer, leadership, forward } = this.parts
    const leader = leadership()
    try {
      switch (leader.kind) {
        case 'self':
          return await sequencer.submit(command, options)
        case 'nobody':
          return undefined
        case 'other': {
          const result = await forward(leader.master, command, options.commandId)
          if (result.status === 'not_master') return undefined
          if (result.status === 'refused') return result
          await this.caughtUp(result.index, result.term)
          return { status: 'done', durableOn: result.durableOn }
        }
      }
    } catch (error) {
      if (error instanceof MasterError) throw error
      // The leader was lost: submit to its successor. The command id prevents a second execution.
      return undefined
    }
  }

  /** Resolves when this node's state has that event or is of a later term; after the timeout in any case. */
  private caughtUp(index: number, term: number): Promise<void> {
    const { projection, timers } = this.parts
    const hasEvent = (): boolean => {
      const state = projection.state()
      return state.term > term || (state.term === term && state.lastEventIndex >= index)
    }
    if (hasEvent()) return Promise.resolve()
    return new Promise((resolve) => {
      const settle = (): void => {
        unsubscribe()
        cancel()
        resolve()
      }
      const check = (): void => {
        if (hasEvent()) settle()
      }
      const unsubscribe = projection.subscribe({ event: check, reset: check })
      const cancel = timers.after(TIMEOUT_MS, settle)
    })
  }
}
