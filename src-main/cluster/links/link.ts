import { randomUUID } from 'node:crypto'
import { WebSocket, type RawData } from 'ws'
import type { LogRecord } from '@core/events/record'
import type { NodeId } from '@core/ids'
import { protocolToRead } from '@core/events/decision-protocol'
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

/** How often a link looks whether the other side is there. One that said nothing since then is pinged. */
const LOOK_EVERY_MS = 500
/**
 * Looks in a row at which a ping was without an answer. They are counted, not timed: a process that gets no processor
 * time looks less often, and does not take its own standstill for the other side's.
 */
const LOOKS_UNTIL_SILENT = 4
const LOOKS_UNTIL_LOST = 16
/** Silence after which the other side gives a link up. */
export const LOST_MS = LOOKS_UNTIL_LOST * LOOK_EVERY_MS
/** A retired link without streams stays for a little: the other side may have begun one before it knew. */
const IDLE_LOOKS = 3
const HELLO_WITHIN_MS = 5000

/** Why a link was closed, as a WebSocket code. */
export const CLOSED = { duplicate: 4001, notMember: 4003, protocol: 4004, sameIdentity: 4009, leaving: 4010 } as const

export type LinkFrame = Extract<PeerFrame, { type: 'consensus' | 'snapshot' | 'observe' | 'relay' | 'wake' }>

export interface LinkOptions {
  readonly peer: NodeId
  readonly socket: WebSocket
  /** This side dialled. */
  readonly dialled: boolean
  readonly remoteAddress: string
  readonly hello: Hello
  readonly handlers: ReadonlyMap<string, StreamHandler>
  readonly onFrame: (frame: LinkFrame) => void
  /** The other side answers no more, or is busy: nothing new should be asked of it. Streams that flow may go on. */
  readonly onSilent?: () => void
  /** It was only busy. */
  readonly onHeard?: () => void
  readonly onClose: (why: { readonly code: number; readonly reason: string }) => void
}

/** It ended before a word was said. */
export class LinkClosed extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message)
    this.name = 'LinkClosed'
  }
}

/** A link to a member whose key was proved. What it says is checked frame by frame. */
export class Link {
  readonly id = randomUUID()
  readonly peer: NodeId
  readonly dialled: boolean
  readonly remoteAddress: string
  /** What the other side said first. Resolves when it has; rejects where the two cannot talk. */
  readonly greeted: Promise<Hello>
  heardAt = performance.now()
  private hello: Hello | undefined
  /** The highest that both speak, once both have greeted. */
  private spoken: number | undefined
  private readonly streams: Streams
  private readonly socket: WebSocket
  private readonly watch: NodeJS.Timeout
  private readonly inflow: Inflow
  /** Looks since the other side was last heard at which it owed an answer. */
  private unanswered = 0
  /** Looks in a row at which a retired link had no stream. */
  private idleLooks = 0
  private retired = false
  /** Numbers the pings by which the words before a standstill are told from those after it. */
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
        cutsParts: () => (this.spoken ?? 0) >= PARTS_SINCE_PROTOCOL,
      },
      handlers,
      { dialled },
    )
    this.greeted = new Promise((resolve, reject) => {
      this.greet = resolve
      this.refuse = reject
    })
    // Whoever waits for the greeting hears of it; nobody has to.
    this.greeted.catch(() => undefined)
    socket.on('message', (data, isBinary) => this.take(data, isBinary))
    socket.on('pong', (payload) => {
      if (payload.toString() === this.awaitedPong) this.awaitedPong = undefined
      this.heard()
    })
    socket.on('ping', () => this.heard())
    socket.on('error', () => socket.terminate())
    socket.on('close', (code, reason) => this.closed(code, reason.toString()))
    this.watch = setInterval(() => this.look(), LOOK_EVERY_MS)
    this.send(options.hello)
    setTimeout(() => {
      if (!this.hello) this.close(CLOSED.protocol, 'no greeting')
    }, HELLO_WITHIN_MS).unref()
  }

  private greet: (hello: Hello) => void = () => undefined
  private refuse: (error: Error) => void = () => undefined

  /** How the other side presented itself; undefined until it has. */
  get peerHello(): Hello | undefined {
    return this.hello
  }

  /** The protocol that both speak; 0 before both have greeted. */
  get protocol(): number {
    return this.spoken ?? 0
  }

  get isOpen(): boolean {
    return this.socket.readyState === WebSocket.OPEN
  }

  /** Whether the other side has left pings without an answer for about two seconds. */
  get isSilent(): boolean {
    return this.unanswered >= LOOKS_UNTIL_SILENT
  }

  /** Bytes that wait for the network. */
  get backlog(): number {
    return this.socket.bufferedAmount
  }

  /**
   * Says whether it could be said at all: one over the limit is not sent, for the other side would end the link. Records
   * that the other side's version cannot read end it with the word which side to update.
   */
  send(frame: PeerFrame): boolean {
    if (this.hello && frame.type === 'consensus' && frame.records?.some((record) => !this.canRead(record))) {
      this.close(CLOSED.protocol, protocolRefusal(this.hello, this.options.hello))
      return true
    }
    const bytes = encodeFrame(frame)
    return bytes !== undefined && this.sendEncoded(bytes)
  }

  /** Items of a stream that the other side serves. Throws StreamError. */
  open(kind: string, params: unknown, signal?: AbortSignal): AsyncGenerator<Item> {
    return this.streams.open(kind, params, signal)
  }

  /** Resolves when the other side has shown that it is there; rejects where it does not within the time. */
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

  /**
   * Another link takes over: nothing new begins on this one. What flows goes on, and the link is closed when either
   * side has nothing left on it.
   */
  retire(): void {
    this.retired = true
  }

  /** This process stood still: what the other side said meanwhile about who leads is old news and is not heard. */
  refresh(): void {
    if (!this.isOpen) return
    this.awaitedPong = `after ${++this.refreshes}`
    this.socket.ping(this.awaitedPong)
  }

  close(code: number, reason: string): void {
    this.socket.close(code, reason)
    // One that does not answer the closing is not waited for.
    setTimeout(() => this.socket.terminate(), 500).unref()
  }

  /** Ends it without a word. */
  drop(): void {
    this.socket.terminate()
  }

  private canRead(record: LogRecord): boolean {
    return record.kind !== 'decision' || protocolToRead(record.envelope.event) <= (this.spoken ?? 0)
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
    this.heardAt = performance.now()
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
        return this.close(CLOSED.protocol, 'greeted twice')
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
    if (frame.type !== 'hello') return this.close(CLOSED.protocol, 'no greeting')
    const { hello } = this.options
    this.spoken = commonProtocol(frame, hello)
    if (this.spoken === undefined) return this.close(CLOSED.protocol, protocolRefusal(frame, hello))
    this.hello = frame
    this.greet(frame)
  }

  private look(): void {
    this.idleLooks = this.streams.isIdle ? this.idleLooks + 1 : 0
    if (this.retired && this.idleLooks >= IDLE_LOOKS) return this.close(CLOSED.duplicate, 'another link stays')
    if (performance.now() - this.heardAt < LOOK_EVERY_MS || !this.isOpen) return
    this.unanswered += 1
    if (this.unanswered >= LOOKS_UNTIL_LOST) return this.socket.terminate()
    if (this.unanswered === LOOKS_UNTIL_SILENT) {
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

/** What both ends of a link's WebSocket are made with. */
export const SOCKET_OPTIONS = { maxPayload: MAX_PEER_FRAME_BYTES, perMessageDeflate: false } as const
