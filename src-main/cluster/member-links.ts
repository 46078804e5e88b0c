import type { NodeId } from '@core/ids'
import type { PeerFrame } from '@core/protocols/peer'
import { StreamError } from './links/stream-error'
import type { Item } from './links/streams'

/** The stream by which a member opens streams of a third one through this node. */
export const RELAY_STREAM = 'relay'

/** A link to a member, as far as it matters to what is said over it. */
export interface MemberLink {
  readonly peer: NodeId
  /** The protocol that both sides speak. */
  readonly protocol: number
  /** When the other side was last heard. Milliseconds, monotonic. */
  readonly heardAt: number
  /** False where the frame is too large to be sent. */
  send(frame: PeerFrame): boolean
  /** Throws StreamError. */
  open(kind: string, params: unknown, signal?: AbortSignal): AsyncGenerator<Item>
}

/** All links of this node. */
export interface MemberLinks {
  get(peer: NodeId): MemberLink | undefined
  all(): readonly MemberLink[]
  /** Items of a stream of that member, directly or through another. Throws StreamError. */
  open(peer: NodeId, kind: string, params: unknown, signal?: AbortSignal): AsyncGenerator<Item>
  /** The one item of a stream that has one. Throws StreamError. */
  ask(peer: NodeId, kind: string, params: unknown): Promise<Item>
}

/** The first item of a stream. Throws StreamError where it has none. */
export const firstOf = async (items: AsyncIterable<Item>): Promise<Item> => {
  for await (const item of items) return item
  throw new StreamError('failed', 'That machine gave no answer')
}

/** A stream of a member, over the link to it or through the first that reaches it (`ways`). Throws StreamError. */
export async function* openThrough(
  links: Pick<MemberLinks, 'get'>,
  ways: (peer: NodeId, kind: string) => readonly NodeId[],
  { peer, kind, params, signal }: { peer: NodeId; kind: string; params: unknown; signal?: AbortSignal | undefined },
): AsyncGenerator<Item> {
  const link = links.get(peer)
  if (link) return yield* link.open(kind, params, signal)
  for (const way of ways(peer, kind)) {
    let hasBegun = false
    try {
      for await (const item of links.get(way)?.open(RELAY_STREAM, { to: peer, kind, params }, signal) ?? []) {
        hasBegun = true
        yield item
      }
      if (hasBegun) return
    } catch (error) {
      // It has no link to that machine either; the next one may.
      if (hasBegun || !(error instanceof StreamError) || error.code !== 'not_connected') throw error
    }
  }
  throw new StreamError('not_connected', 'That machine is not connected')
}
