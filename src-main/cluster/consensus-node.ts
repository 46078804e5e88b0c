import type { Command } from '@core/commands/command'
import type { Message } from '@core/consensus/index'
import type { Observation } from '@core/events/event'
import type { LogRecord } from '@core/events/record'
import type { CommandId, NodeId } from '@core/ids'
import type { SubmitResult, WatchItem } from '@core/protocols/peer'
import type { State } from '@core/state/state'

/** The consensus node (`src-main/master`), as the cluster layer uses it. */
export interface ConsensusNode {
  state(): State
  observe(event: Observation): void
  memberIds(): readonly NodeId[]
  /** `knowsTails`: the peer accepts logs that are described by their latest epochs only. */
  connected(peer: NodeId, options: { readonly knowsTails: boolean }): void
  disconnected(peer: NodeId): void
  refused(peer: NodeId): void
  received(
    from: NodeId,
    message: Message,
    brought?: { readonly records?: readonly LogRecord[]; readonly snapshot?: Buffer },
  ): void
  observedBy(from: NodeId, events: readonly Observation[]): void
  submittedBy(command: Command, commandId: CommandId): Promise<SubmitResult>
  watchedBy(term: number, signal: AbortSignal): AsyncIterable<WatchItem>
}
