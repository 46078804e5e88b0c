import type { NodeId } from '@core/ids'
import { PEER_PROTOCOL, type PeerFrame, type StreamFrame } from '@core/protocols/peer'
import type { Monotonic } from '@core/time/clocks'
import { type Item, type LinksOptions, type MemberLink, parseFrame, Streams } from '../cluster/link-layer'

export interface VirtualLinkParts {
  readonly self: NodeId
  readonly peer: NodeId
  readonly dialled: boolean
  readonly handlers: LinksOptions['handlers']
  readonly heardAt: () => Monotonic
  readonly sendFrame: (frame: PeerFrame) => void
  /** Sends this many bytes of a stream; `take` is called with the other end when they arrive. */
  readonly sendBytes: (bytes: number, take: (there: VirtualLink | undefined) => void) => void
}

/** One end of a link: the product's streams over the simulated network. */
export class VirtualLink implements MemberLink {
  readonly protocol = PEER_PROTOCOL
  readonly peer: NodeId
  private readonly streams: Streams

  constructor(private readonly parts: VirtualLinkParts) {
    const { peer, dialled, handlers, sendFrame, sendBytes } = parts
    this.peer = peer
    const bound = [...handlers].map(
      ([kind, handler]) =>
        [kind, (params: unknown, signal: AbortSignal): AsyncIterable<Item> => handler(params, signal, peer)] as const,
    )
    this.streams = new Streams(
      {
        send: (frame) => {
          sendFrame(frame)
          return true
        },
        sendEncoded: (bytes) => {
          sendBytes(bytes.length, (there) => there?.takeEncoded(bytes))
          return true
        },
        sendBytes: (stream, bytes) => {
          sendBytes(bytes.length, (there) => there?.streams.takeBytes(stream, Buffer.from(bytes)))
          return true
        },
        cutsParts: () => true,
      },
      new Map(bound),
      { dialled },
    )
  }

  get heardAt(): Monotonic {
    return this.parts.heardAt()
  }

  send(frame: PeerFrame): boolean {
    this.parts.sendFrame(frame)
    return true
  }

  open(kind: string, params: unknown, signal?: AbortSignal): AsyncGenerator<Item> {
    return this.streams.open(kind, params, signal)
  }

  /** Takes a stream frame that arrived. */
  take(frame: StreamFrame): void {
    this.streams.take(frame)
  }

  close(): void {
    this.streams.close()
  }

  private takeEncoded(bytes: Buffer): void {
    const frame = parseFrame(bytes)
    if (typeof frame === 'string') throw new Error(`a stream says ${frame}`)
    switch (frame.type) {
      case 'relay':
      case 'consensus':
      case 'observe':
      case 'snapshot':
      case 'hello':
      case 'wake':
        throw new Error(`a stream says ${frame.type}`)
      default:
        this.streams.take(frame)
    }
  }
}
