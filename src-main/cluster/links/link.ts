import { randomUUID } from 'node:crypto'
import { WebSocket, type RawData } from 'ws'
import type { LogRecord } from '@core/events/record'
import type { NodeId } from '@core/ids'
import { protocolToRead } from '@core/events/decision-protocol'
import { elapsed, monotonic } from '@core/time/clocks'
import {
  commonProtocol,
  MAX_PEER_FRAME_BYTES,
  PARTS_SINCE_PROTOCOL,
  protocolRefusal,
  type Hello,
  type PeerFrame,
} from '@core/protocols/peer'
import { encodeFrame, parseFrame } from './frame'
import { Inflow } from './inflow'
import { Streams, type Item, type StreamHandler } from './streams'

/** Interval of the health check. A peer that sent nothing since the last check is pinged. */
const CHECK_EVERY_MS = 500
/**
 * Consecutive checks with an unanswered ping. They are counted, not timed: a process without processor time checks
 * less often, and so does not mistake its own pause for the peer's silence.
 */
const CHECKS_UNTIL_SILENT = 4
const CHECKS_UNTIL_LOST = 16
/** Silence after which the other side drops a link. */
export const LOST_MS = CHECKS_UNTIL_LOST * CHECK_EVERY_MS
/** Checks that a retired link without streams stays open: the other side may just have opened one. */
const IDLE_CHECKS = 3
const HELLO_WITHIN_MS = 5000

/** WebSocket close codes of a link. */
export const CLOSED = { duplicate: 4001, notMember: 4003, protocol: 4004, sameIdentity: 4009, leaving: 4010 } as const

export type LinkFrame = Extract<PeerFrame, { type: 'consensus' | 'snapshot' | 'observe' | 'relay' | 'wake' }>

export interface LinkOptions {
  readonly peer: NodeId
  readonly socket: WebSocket
  /** Whether this side dialled. */
  readonly dialled: boolean
  readonly remoteAddress: string
  readonly hello: Hello
  readonly handlers: ReadonlyMap<string, StreamHandler>
  readonly onFrame: (frame: LinkFrame) => void
  /** The peer does not answer, or is busy: open nothing new on the link. Open streams may continue. */
  readonly onSilent?: () => void
  /** A silent peer answers again. */
  readonly onHeard?: () => void
  readonly onClose: (why: { readonly code: number; readonly reason: string }) => void
}

/** The link closed before the handshake was complete. */
export class LinkClosed extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message)
    this.name = 'LinkClosed'
  }
}

/** An authenticated link to a member. Every frame is validated. */
export class Link {
  readonly id = randomUUID()
  readonly peer: NodeId
  readonly dialled: boolean
  readonly remoteAddress: string
  /** The peer's handshake. Rejects if the two share no protocol version. */
  readonly greeted: Promise<Hello>
  heardAt = monotonic(performance.now())
  private hello: Hello | undefined
  /** The negotiated protocol version; undefined before the handshake. */
  private negotiated: number | undefined
  private readonly streams: Streams
  private readonly socket: WebSocket
  private readonly watch: NodeJS.Timeout
  private readonly inflow: Inflow
  /** Consecutive checks with an unanswered ping. */
  private unanswered = 0
  /** Consecutive checks without a stream. */
  private idleChecks = 0
  private retired = false
  /** Numbers the pings of `refresh`, which separate frames from before a pause from later ones. */
  private refreshes = 0
  private awaitedPong: string | undefined

  constructor(private readonly options: LinkOptions) {
    const { peer, socket, dialled, remoteAddress, handlers } = options
    this.peer = peer
    this.dialled = dialled
    this.remoteAddress = remoteAddress
    this.socket = socket
    this.inflow = new Inflow({ socket })
    this.streams = new Streams(
      {
        send: (frame) => this.send(frame),
        sendEncoded: (bytes) => this.sendEncoded(bytes),
        sendBytes: (stream, bytes) => this.sendBytes(stream, bytes),
        cutsParts: () => (this.negotiated ?? 0) >= PARTS_SINCE_PROTOCOL,
      },
      handlers,
      { dialled },
    )
    this.greeted = new Promise((resolve, reject) => {
      this.greet = resolve
      this.refuse = reject
    })
    // Avoid an unhandled rejection if nothing awaits the handshake.
    this.greeted.catch(() => undefined)
    socket.on('message', (data, isBinary) => this.take(data, isBinary))
    socket.on('pong', (payload) => {
      if (payload.toString() === this.awaitedPong) this.awaitedPong = undefined
      this.heard()
    })
    socket.on('ping', () => this.heard())
    socket.on('error', () => socket.terminate())
    socket.on('close', (code, reason) => this.closed(code, reason.toString()))
    this.watch = setInterval(() => this.check(), CHECK_EVERY_MS)
    this.send(options.hello)
    setTimeout(() => {
      if (!this.hello) this.close(CLOSED.protocol, 'no handshake')
    }, HELLO_WITHIN_MS).unref()
  }

  private greet: (hello: Hello) => void = () => undefined
  private refuse: (error: Error) => void = () => undefined

  /** The peer's handshake; undefined until it arrived. */
  get peerHello(): Hello | undefined {
    return this.hello
  }

  /** The negotiated protocol version; 0 before the handshake. */
  get protocol(): number {
    return this.negotiated ?? 0
  }

  get isOpen(): boolean {
    return this.socket.readyState === WebSocket.OPEN
  }

  /** Whether the peer has left pings unanswered for about two seconds. */
  get isSilent(): boolean {
    return this.unanswered >= CHECKS_UNTIL_SILENT
  }

  /** Bytes waiting for the network. */
  get backlog(): number {
    return this.socket.bufferedAmount
  }

  /**
   * Sends a frame. Returns false, without sending, if it exceeds the size limit: the peer would close the link. A
   * record that the peer's version cannot read closes the link and names the side to update.
   */
  send(frame: PeerFrame): boolean {
    if (this.hello && frame.type === 'consensus' && frame.records?.some((record) => !this.canRead(record))) {
      this.close(CLOSED.protocol, protocolRefusal(this.hello, this.options.hello))
      return true
    }
    const bytes = encodeFrame(frame)
    return bytes !== undefined && this.sendEncoded(bytes)
  }

  /** Opens a stream that the peer serves. Throws StreamError. */
  open(kind: string, params: unknown, signal?: AbortSignal): AsyncGenerator<Item> {
    return this.streams.open(kind, params, signal)
  }

  /** Resolves when the peer answers a ping; rejects after `withinMs`. */
  proveAlive(withinMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('no answer')), withinMs)
      this.socket.once('pong', () => {
        clearTimeout(timer)
        resolve()
      })
      this.socket.ping()
    })
  }

  /** Closes the link once no stream has been open on it for `IDLE_CHECKS` checks. */
  retire(): void {
    this.retired = true
  }

  /** This process was paused: ignore consensus messages that were sent before now, until this ping returns. */
  refresh(): void {
    if (!this.isOpen) return
    this.awaitedPong = `after ${++this.refreshes}`
    this.socket.ping(this.awaitedPong)
  }

  close(code: number, reason: string): void {
    this.socket.close(code, reason)
    // Do not wait for a peer that does not answer the close.
    setTimeout(() => this.socket.terminate(), 500).unref()
  }

  /** Terminates the connection without a close handshake. */
  drop(): void {
    this.socket.terminate()
  }

  private canRead(record: LogRecord): boolean {
    return record.kind !== 'decision' || protocolToRead(record.envelope.event) <= (this.negotiated ?? 0)
  }

  private sendEncoded(bytes: Buffer): boolean {
    if (bytes.length > MAX_PEER_FRAME_BYTES) return false
    if (this.isOpen) this.socket.send(bytes, { binary: false })
    return true
  }

  private sendBytes(stream: number, bytes: Uint8Array): boolean {
    if (bytes.length + 4 > MAX_PEER_FRAME_BYTES) return false
    if (!this.isOpen) return true
    const head = Buffer.allocUnsafe(4)
    head.writeUInt32LE(stream, 0)
    this.socket.send(Buffer.concat([head, bytes]))
    return true
  }

  private heard(): void {
    this.inflow.count()
    this.heardAt = monotonic(performance.now())
    const wasSilent = this.isSilent
    this.unanswered = 0
    if (wasSilent) this.options.onHeard?.()
  }

  private take(data: RawData, isBinary: boolean): void {
    this.heard()
    const bytes = Buffer.isBuffer(data) ? data : Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data)
    if (isBinary) {
      if (bytes.length < 4 || !this.hello) return this.close(CLOSED.protocol, 'not a stream')
      this.streams.takeBytes(bytes.readUInt32LE(0), bytes.subarray(4))
      return
    }
    const frame = parseFrame(bytes)
    if (typeof frame === 'string') return this.close(CLOSED.protocol, frame)
    if (!this.hello) return this.takeHello(frame)
    switch (frame.type) {
      case 'hello':
        return this.close(CLOSED.protocol, 'second handshake')
      case 'consensus':
      case 'snapshot':
      case 'relay':
        return this.awaitedPong === undefined ? this.options.onFrame(frame) : undefined
      case 'observe':
      case 'wake':
        return this.options.onFrame(frame)
      case 'open':
      case 'item':
      case 'credit':
      case 'end':
      case 'cancel':
      case 'parts':
      case 'room':
        return this.streams.take(frame)
    }
  }

  private takeHello(frame: PeerFrame): void {
    if (frame.type !== 'hello') return this.close(CLOSED.protocol, 'no handshake')
    const { hello } = this.options
    this.negotiated = commonProtocol(frame, hello)
    if (this.negotiated === undefined) return this.close(CLOSED.protocol, protocolRefusal(frame, hello))
    this.hello = frame
    this.greet(frame)
  }

  private check(): void {
    this.idleChecks = this.streams.isIdle ? this.idleChecks + 1 : 0
    if (this.retired && this.idleChecks >= IDLE_CHECKS) return this.close(CLOSED.duplicate, 'another link stays')
    if (elapsed(this.heardAt, monotonic(performance.now())) < CHECK_EVERY_MS || !this.isOpen) return
    this.unanswered += 1
    if (this.unanswered >= CHECKS_UNTIL_LOST) return this.socket.terminate()
    if (this.unanswered === CHECKS_UNTIL_SILENT) {
      this.streams.failUnanswered()
      this.options.onSilent?.()
    }
    this.socket.ping()
  }

  private closed(code: number, reason: string): void {
    clearInterval(this.watch)
    this.inflow.close()
    this.streams.close()
    this.refuse(new LinkClosed(code, reason || `closed with ${code}`))
    this.options.onClose({ code, reason })
  }
}

/** WebSocket options of both ends. */
export const SOCKET_OPTIONS = { maxPayload: MAX_PEER_FRAME_BYTES, perMessageDeflate: false } as const
