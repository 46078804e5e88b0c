import type { NodeId } from '@core/ids'
import type { PeerFrame } from '@core/protocols/peer'
import type { Monotonic } from '@core/time/clocks'
import { StreamError } from './links/stream-error'
import type { Item } from './links/streams'

/** The stream kind with which a member opens a stream of a third member through this node. */
export const RELAY_STREAM = 'relay'

/** A link to a member, reduced to what its users need. */
export interface MemberLink {
  readonly peer: NodeId
  /** The negotiated protocol version. */
  readonly protocol: number
  /** When the other side was last heard from. */
  readonly heardAt: Monotonic
  /** Returns false if the frame is too large to send. */
  send(frame: PeerFrame): boolean
  /** Throws StreamError. */
  open(kind: string, params: unknown, signal?: AbortSignal): AsyncGenerator<Item>
}

/** All links of this node. */
export interface MemberLinks {
  get(peer: NodeId): MemberLink | undefined
  all(): readonly MemberLink[]
  /** Opens a stream of that member, directly or relayed. Throws StreamError. */
  open(peer: NodeId, kind: string, params: unknown, signal?: AbortSignal): AsyncGenerator<Item>
  /** Opens a single-item stream and returns its item. Throws StreamError. */
  ask(peer: NodeId, kind: string, params: unknown): Promise<Item>
}

/** Returns the first item of a stream. Throws StreamError if there is none. */
export const firstOf = async (items: AsyncIterable<Item>): Promise<Item> => {
  for await (const item of items) return item
  throw new StreamError('failed', 'That machine sent no answer')
}

/** Opens a stream of a member over its link, else through the first relay (`relaysFor`) that has one. Throws StreamError. */
export async function* openThrough(
  links: Pick<MemberLinks, 'get'>,
  relaysFor: (peer: NodeId, kind: string) => readonly NodeId[],
  { peer, kind, params, signal }: { peer: NodeId; kind: string; params: unknown; signal?: AbortSignal | undefined },
): AsyncGenerator<Item> {
  const link = links.get(peer)
  if (link) return yield* link.open(kind, params, signal)
  for (const way of relaysFor(peer, kind)) {
    let hasBegun = false
    try {
      for await (const item of links.get(way)?.open(RELAY_STREAM, { to: peer, kind, params }, signal) ?? []) {
        hasBegun = true
        yield item
      }
      if (hasBegun || signal?.aborted === true) return
    } catch (error) {
      // That relay has no link to the machine either; try the next.
      if (hasBegun || !(error instanceof StreamError) || error.code !== 'not_connected') throw error
    }
  }
  throw new StreamError('not_connected', 'That machine is not connected')
}
