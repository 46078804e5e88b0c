import { createServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { IncomingMessage } from 'node:http'
import { TLSSocket } from 'node:tls'
import { WebSocketServer, type WebSocket } from 'ws'
import { z } from 'zod'
import { NodeId, type Timestamp } from '@core/ids'
import { publicKeyHash } from '../certificate'
import type { Identity } from '../identity'
import { SOCKET_OPTIONS } from './link'
import { ConnectionLimiter } from './connection-limiter'

const MOST_CONNECTIONS = 512
const HANDSHAKE_MS = 5000

/** A connection whose key is proved. Whether it is trusted is the endpoint's decision. */
export interface Caller {
  readonly nodeId: NodeId
  /** PEM. */
  readonly certificate: string
  readonly socket: WebSocket
  readonly remoteAddress: string
}

export interface ListenerOptions {
  readonly identity: Identity
  /** 0 picks a free one. */
  readonly port: number
  /** By URL path. */
  readonly endpoints: Readonly<Record<string, Endpoint | undefined>>
}

export interface Endpoint {
  /** Whether the caller is admitted. Otherwise the connection is reset without an answer. */
  admits(nodeId: NodeId): boolean
  enter(caller: Caller): void
  /**
   * When the node was removed, if it was a member. It gets a 410 with that time, since it may not have learnt of its
   * removal.
   */
  removedAt?(nodeId: NodeId): Timestamp | undefined
}

/** HTTP status for a removed member. */
export const GONE = 410
/** When the answering member's cluster removed the caller, in milliseconds since 1970. */
export const REMOVED_AT_HEADER = 'muster-removed-at'
/** Undefined if the header is absent, as from older versions, or is not a valid time. */
export const RemovedAt = z.coerce.number().int().nonnegative().optional().catch(undefined)

export interface Listener {
  readonly port: number
  close(): Promise<void>
}

/** Listens for other nodes: TLS 1.3 with certificates on both sides. Rejects with the system's error. */
export const listen = async ({ identity, port, endpoints }: ListenerOptions): Promise<Listener> => {
  const server = createServer({
    key: identity.privateKey,
    cert: identity.certificate,
    requestCert: true,
    // Self-signed certificates: the keys are checked at the upgrade, before any payload.
    rejectUnauthorized: false,
    minVersion: 'TLSv1.3',
    handshakeTimeout: HANDSHAKE_MS,
    headersTimeout: HANDSHAKE_MS,
    requestTimeout: HANDSHAKE_MS,
    maxHeaderSize: 8 * 1024,
    connectionsCheckingInterval: 1000,
  })
  const sockets = new WebSocketServer({ noServer: true, ...SOCKET_OPTIONS })
  const open = new Set<Socket>()
  const limiter = new ConnectionLimiter()
  /** Releases the limiter's slot of each unauthenticated connection, by remote address and port. */
  const unauthenticated = new Map<string, () => void>()
  // Each member holds one socket; others have five seconds to authenticate.
  server.maxConnections = MOST_CONNECTIONS
  server.on('connection', (socket: Socket) => {
    const { remoteAddress = '', remotePort } = socket
    const leave = limiter.enter(remoteAddress)
    if (!leave) return void socket.destroy()
    const name = `${remoteAddress} ${remotePort}`
    unauthenticated.set(name, leave)
    open.add(socket)
    socket.once('close', () => {
      leave()
      unauthenticated.delete(name)
      open.delete(socket)
    })
    socket.on('error', () => socket.destroy())
  })
  // Plain HTTP is not served.
  server.on('request', (request: IncomingMessage) => void request.socket.destroy())
  server.on('tlsClientError', (_error, socket) => void socket.destroy())
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined
    const endpoint = Object.hasOwn(endpoints, request.url ?? '') ? endpoints[request.url ?? ''] : undefined
    if (!certificate || !endpoint) return void socket.destroy()
    const nodeId = NodeId.parse(publicKeyHash(certificate))
    if (!endpoint.admits(nodeId)) {
      const removedAt = endpoint.removedAt?.(nodeId)
      if (removedAt === undefined) socket.destroy()
      else socket.end(`HTTP/1.1 ${GONE} Gone\r\n${REMOVED_AT_HEADER}: ${removedAt}\r\nConnection: close\r\n\r\n`)
      return
    }
    // The TCP connection underneath is another object with the same remote address and port.
    unauthenticated.get(`${socket.remoteAddress ?? ''} ${socket.remotePort}`)?.()
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const remoteAddress = plainAddress(socket.remoteAddress ?? '')
      endpoint.enter({ nodeId, certificate: certificate.toString(), socket: webSocket, remoteAddress })
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '::', resolve)
  }).catch(async (error: NodeJS.ErrnoException) => {
    // A system without IPv6.
    if (error.code !== 'EAFNOSUPPORT' && error.code !== 'EADDRNOTAVAIL') throw error
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, '0.0.0.0', resolve)
    })
  })
  server.on('error', () => undefined)
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of open) socket.destroy()
      }),
  }
}

/** An IPv4-mapped IPv6 address as IPv4. */
const plainAddress = (address: string): string => address.replace(/^::ffff:/, '')
