import { createServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { IncomingMessage } from 'node:http'
import { TLSSocket } from 'node:tls'
import { WebSocketServer, type WebSocket } from 'ws'
import { NodeId } from '@core/ids'
import { publicKeyHash } from '../certificate'
import type { Identity } from '../identity'
import { SOCKET_OPTIONS } from './link'
import { Turnstile } from './turnstile'

const MOST_CONNECTIONS = 512
const HANDSHAKE_MS = 5000

/** Somebody whose key is proved; whether he is trusted is another question. */
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
  /** By path. */
  readonly doors: Readonly<Record<string, Door | undefined>>
}

export interface Door {
  /** Whether that caller may come in. Who may not gets nothing. */
  admits(nodeId: NodeId): boolean
  enter(caller: Caller): void
  /** Whether it was let in once and was removed since: it is told that much, for it may not have heard. */
  wasRemoved?(nodeId: NodeId): boolean
}

/** To somebody who was removed; the status that a removed member is answered with. */
export const GONE = 410

export interface Listener {
  readonly port: number
  close(): Promise<void>
}

/** Listens for other nodes: TLS 1.3 with a certificate from either side. Rejects with what the system says. */
export const listen = async ({ identity, port, doors }: ListenerOptions): Promise<Listener> => {
  const server = createServer({
    key: identity.privateKey,
    cert: identity.certificate,
    requestCert: true,
    // Self-signed certificates: their keys are compared below, before a word is exchanged.
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
  const turnstile = new Turnstile()
  /** How each connection that has not shown who it is leaves the turnstile. */
  const unknown = new Map<string, () => void>()
  // Members hold a socket each; the rest have five seconds to show who they are.
  server.maxConnections = MOST_CONNECTIONS
  server.on('connection', (socket: Socket) => {
    const { remoteAddress = '', remotePort } = socket
    const leave = turnstile.enter(remoteAddress)
    if (!leave) return void socket.destroy()
    const name = `${remoteAddress} ${remotePort}`
    unknown.set(name, leave)
    open.add(socket)
    socket.once('close', () => {
      leave()
      unknown.delete(name)
      open.delete(socket)
    })
    socket.on('error', () => socket.destroy())
  })
  // Nothing here is for browsers.
  server.on('request', (request: IncomingMessage) => void request.socket.destroy())
  server.on('tlsClientError', (_error, socket) => void socket.destroy())
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined
    const door = Object.hasOwn(doors, request.url ?? '') ? doors[request.url ?? ''] : undefined
    if (!certificate || !door) return void socket.destroy()
    const nodeId = NodeId.parse(publicKeyHash(certificate))
    if (!door.admits(nodeId)) {
      if (door.wasRemoved?.(nodeId) === true) socket.end(`HTTP/1.1 ${GONE} Gone\r\nConnection: close\r\n\r\n`)
      else socket.destroy()
      return
    }
    // The raw connection beneath has another object for a socket, but the same two ends.
    unknown.get(`${socket.remoteAddress ?? ''} ${socket.remotePort}`)?.()
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const remoteAddress = plainAddress(socket.remoteAddress ?? '')
      door.enter({ nodeId, certificate: certificate.toString(), socket: webSocket, remoteAddress })
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

/** An IPv4 address that came in over IPv6, as IPv4. */
export const plainAddress = (address: string): string => address.replace(/^::ffff:/, '')
