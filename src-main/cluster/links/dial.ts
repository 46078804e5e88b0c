import { isIPv6, type createConnection } from 'node:net'
import { connect, TLSSocket, type ConnectionOptions } from 'node:tls'
import { WebSocket } from 'ws'
import type { NodeId, Timestamp } from '@core/ids'
import type { CallOutcome } from '@core/protocols/doctor'
import { publicKeyHash } from '../certificate'
import type { Identity } from '../identity'
import type { PeerAddress } from './address-book'
import { SOCKET_OPTIONS } from './link'
import { GONE, REMOVED_AT_HEADER, RemovedAt } from './listener'

const DIAL_MS = 2500

export interface DialOptions {
  readonly identity: Identity
  readonly address: PeerAddress
  readonly path: string
  /** The node whose key the other side must prove before anything is sent; undefined accepts any. */
  readonly expected?: NodeId | undefined
  readonly signal?: AbortSignal
  readonly withinMs?: number
}

/** The address as a URL host. URLs cannot express zones, such as `eth0` in `fe80::1%eth0`. */
const nameable = (ip: string): string => {
  const [address = ''] = ip.split('%')
  return isIPv6(address) ? `[${address}]` : ip
}

export interface Dialled {
  readonly socket: WebSocket
  /** PEM, of the machine that answered. */
  readonly certificate: string
}

/** Connects to the real address. `ws` always calls it with options. */
const connectTo = ({ ip, port }: PeerAddress): typeof createConnection =>
  ((options: ConnectionOptions) => connect({ ...options, host: ip, port })) as unknown as typeof createConnection

/** Opens a WebSocket to a node at an address. Rejects with CallFailed if nothing or another node answers. */
export const dial = ({
  identity,
  address,
  path,
  expected,
  signal,
  withinMs = DIAL_MS,
}: DialOptions): Promise<Dialled> =>
  new Promise((resolve, reject) => {
    let seen = ''
    let stage: Stage = 'tcp'
    if (signal?.aborted) return reject(new Error('given up'))
    const socket = new WebSocket(`wss://${nameable(address.ip)}:${address.port}${path}`, {
      ...SOCKET_OPTIONS,
      key: identity.privateKey,
      cert: identity.certificate,
      minVersion: 'TLSv1.3',
      // Self-signed: the key is compared in `check` below.
      rejectUnauthorized: false,
      handshakeTimeout: withinMs,
      createConnection: connectTo(address),
      finishRequest: (request) => {
        request.once('socket', (raw) => {
          const check = (): void => {
            const certificate = raw instanceof TLSSocket ? raw.getPeerX509Certificate() : undefined
            seen = certificate?.toString() ?? ''
            if (certificate && (expected === undefined || publicKeyHash(certificate) === expected)) request.end()
            else request.destroy(new WrongPeer())
            stage = 'admission'
          }
          raw.once('connect', () => (stage = 'tls'))
          raw.once('secureConnect', check)
        })
      },
    })
    const giveUp = (): void => {
      socket.terminate()
      reject(new Error('given up'))
    }
    signal?.addEventListener('abort', giveUp, { once: true })
    socket.once('open', () => {
      signal?.removeEventListener('abort', giveUp)
      resolve({ socket, certificate: seen })
    })
    socket.on('unexpected-response', (request, { statusCode, headers }) => {
      signal?.removeEventListener('abort', giveUp)
      request.destroy()
      reject(
        statusCode === GONE
          ? new Removed(RemovedAt.parse(headers[REMOVED_AT_HEADER]))
          : new CallFailed('lost', new Error(`It answered ${statusCode}`)),
      )
    })
    socket.on('error', (error) => {
      signal?.removeEventListener('abort', giveUp)
      reject(new CallFailed(outcomeOf(error, stage), error))
    })
  })

/** How far a call got. `admission`: TLS is up, and the listener decides whether to admit the caller. */
type Stage = 'tcp' | 'tls' | 'admission'

const outcomeOf = (error: Error & { code?: unknown }, stage: Stage): CallOutcome => {
  if (error instanceof WrongPeer) return 'other_machine'
  switch (stage) {
    case 'tls':
      return 'tls'
    case 'admission':
      // The listener resets callers that it does not admit; a hung process leaves them waiting.
      return error.code === 'ECONNRESET' ? 'not_member' : 'lost'
    case 'tcp':
      return tcpOutcome(error.code)
  }
}

/** Classifies a TCP connection error. */
export const tcpOutcome = (code: unknown): 'refused' | 'timed_out' | 'unreachable' => {
  if (code === 'ECONNREFUSED' || code === 'ECONNRESET') return 'refused'
  return code === undefined || code === 'ETIMEDOUT' ? 'timed_out' : 'unreachable'
}

/** A failed call, with how far it got. */
export class CallFailed extends Error {
  constructor(
    readonly outcome: CallOutcome,
    cause: Error,
  ) {
    super(cause.message, { cause })
    this.name = 'CallFailed'
  }
}

/** The intended node answers that this machine was removed from the cluster. */
export class Removed extends CallFailed {
  constructor(readonly removedAt: Timestamp | undefined) {
    super('not_member', new Error('It has removed this machine from its cluster'))
    this.name = 'Removed'
  }
}

/** A node other than the intended one answers. */
class WrongPeer extends Error {
  constructor() {
    super('Another machine answers at that address')
    this.name = 'WrongPeer'
  }
}
