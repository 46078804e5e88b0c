import type { Command } from '@core/commands/command'
import type { FactLog, Message } from '@core/consensus/index'
import type { Observation } from '@core/events/event'
import type { LogRecord } from '@core/events/record'
import type { CommandId, NodeId } from '@core/ids'
import { MERGING_SINCE_PROTOCOL, PEER_PROTOCOL, SubmitResult, WatchItem, type RelayedFrame } from '@core/protocols/peer'
import { elapsed, type Monotonic } from '@core/time/clocks'
import { snapshotParts } from './links/snapshot-parts'
import { StreamError } from './links/stream-error'
import type { MemberLinks } from './member-links'
import type { Relaying } from './relaying'

/** Observations per frame. Each is a few kilobytes at most. */
const OBSERVATIONS_PER_FRAME = 100

export interface MemberNetworkParts {
  readonly links: MemberLinks
  readonly relaying: Relaying
  /** Milliseconds since an arbitrary origin; never decreases. */
  readonly monotonic: () => Monotonic
  readonly log: Pick<FactLog, 'warn'>
}

/** Sends the messages of this node's consensus to other members: over their links, or through a relay. */
export class MemberNetwork {
  constructor(private readonly parts: MemberNetworkParts) {}

  send(to: NodeId, message: Message, records?: readonly LogRecord[]): void {
    this.sendTo(to, { type: 'consensus', message, ...(records && { records: [...records] }) })
  }

  sendSnapshot(to: NodeId, message: Message, bytes: Buffer): void {
    for (const part of snapshotParts(message, bytes)) this.sendTo(to, part)
  }

  observe(master: NodeId, events: readonly Observation[]): void {
    for (let at = 0; at < events.length; at += OBSERVATIONS_PER_FRAME)
      this.sendTo(master, { type: 'observe', events: events.slice(at, at + OBSERVATIONS_PER_FRAME) })
  }

  async submit(master: NodeId, command: Command, commandId: CommandId): Promise<SubmitResult> {
    const { links } = this.parts
    const protocol = links.get(master)?.protocol ?? PEER_PROTOCOL
    if (command.type === 'MergeDeclarations' && protocol < MERGING_SINCE_PROTOCOL)
      throw new StreamError('too_old', 'The master runs an older Muster that does not support merging; update it')
    return SubmitResult.parse(await links.ask(master, 'submit', { command, commandId }))
  }

  async *watch(master: NodeId, term: number, signal: AbortSignal): AsyncGenerator<WatchItem> {
    for await (const item of this.parts.links.open(master, 'watch', { term }, signal)) yield WatchItem.parse(item)
  }

  /** Milliseconds since each linked or relayed member was last heard from. */
  heard(): Readonly<Record<string, number>> {
    const { links, relaying, monotonic } = this.parts
    const now = monotonic()
    const linked = links.all().map(({ peer, heardAt }) => [peer, heardAt] as const)
    return Object.fromEntries(
      [...relaying.heardAt(), ...linked].map(([peer, at]) => [peer, Math.max(0, elapsed(at, now))]),
    )
  }

  private sendTo(to: NodeId, frame: RelayedFrame): void {
    const { links, relaying, log } = this.parts
    const link = links.get(to)
    const isSent = link ? link.send(frame) : relaying.via(to) === undefined || relaying.send(to, frame)
    if (!isSent) log.warn({ fact: 'frame_too_large', peer: to, frame: frame.type }, 'a message is too large for a link')
  }
}
