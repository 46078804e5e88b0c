import type { Command } from '@core/commands/command'
import type { Message } from '@core/consensus/index'
import type { Observation } from '@core/events/event'
import type { LogRecord } from '@core/events/record'
import type { CommandId, NodeId } from '@core/ids'
import type { SubmitResult, WatchItem } from '@core/protocols/peer'

/** The other members, as this part needs them. */
export interface Network {
  send(to: NodeId, message: Message, records?: readonly LogRecord[]): void
  /** In the place of records; the message says up to which. */
  sendSnapshot(to: NodeId, message: Message, bytes: Buffer): void
  observe(master: NodeId, events: readonly Observation[]): void
  /** Rejects where the master cannot be reached. */
  submit(master: NodeId, command: Command, commandId: CommandId): Promise<SubmitResult>
  watch(master: NodeId, term: number, signal: AbortSignal): AsyncIterable<WatchItem>
  /** How long ago each linked member was last heard, in milliseconds. */
  heard(): Readonly<Record<string, number>>
  /** Members that answer at no address. */
  unreachable(): readonly NodeId[]
  /** This machine slept: all links end and are made anew. */
  begin(): void
  /** This process stood still for so long, because its machine slept or was busy. */
  stoodStill(milliseconds: number): void
}

/** Of a node that has nobody else. */
export const alone: Network = {
  send: () => undefined,
  sendSnapshot: () => undefined,
  observe: () => undefined,
  submit: () => Promise.resolve({ status: 'not_master' }),
  watch: async function* () {},
  heard: () => ({}),
  unreachable: () => [],
  begin: () => undefined,
  stoodStill: () => undefined,
}
