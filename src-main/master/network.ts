import type { Command } from '@core/commands/command'
import type { Message } from '@core/consensus/index'
import type { Observation } from '@core/events/event'
import type { LogRecord } from '@core/events/record'
import type { CommandId, NodeId } from '@core/ids'
import type { SubmitResult, WatchItem } from '@core/protocols/peer'

/** The links to the other members. Implemented by `src-main/cluster` and the simulator. */
export interface Network {
  /** Sends a consensus message, over the link or a relay. Drops it if there is neither. */
  send(to: NodeId, message: Message, records?: readonly LogRecord[]): void
  /** Sends an encoded snapshot with its `snapshot` message. */
  sendSnapshot(to: NodeId, message: Message, bytes: Buffer): void
  /** Reports observations to the leader. */
  observe(master: NodeId, events: readonly Observation[]): void
  /** Forwards a command to the leader. Rejects if it cannot be reached. */
  submit(master: NodeId, command: Command, commandId: CommandId): Promise<SubmitResult>
  /** Subscribes to the leader's state and events in that term. The iteration ends or rejects if the link does. */
  watch(master: NodeId, term: number, signal: AbortSignal): AsyncIterable<WatchItem>
  /** Milliseconds since each linked or relayed member was last heard from. */
  heard(): Readonly<Record<string, number>>
  /** Members that do not answer at any of their addresses. */
  unreachable(): readonly NodeId[]
  /** This machine woke up: closes all links and connects again. */
  reconnect(): void
  /** This process did not run for that many milliseconds, because its machine slept or was busy. */
  processPaused(milliseconds: number): void
}

/** Network of a node without other members. */
export const alone: Network = {
  send: () => undefined,
  sendSnapshot: () => undefined,
  observe: () => undefined,
  submit: () => Promise.resolve({ status: 'not_master' }),
  watch: async function* () {},
  heard: () => ({}),
  unreachable: () => [],
  reconnect: () => undefined,
  processPaused: () => undefined,
}
