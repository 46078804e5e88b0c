import { isIPv6, type createConnection } from 'node:net'
import { connect, TLSSocket, type ConnectionOptions } from 'node:tls'
import { WebSocket } from 'ws'
import type { NodeId } from '@core/ids'
import type { CallOutcome } from '@core/protocols/doctor'
import { publicKeyHash } from '../certificate'
import type { Identity } from '../identity'
import type { PeerAddress } from './address-book'
import { SOCKET_OPTIONS } from './link'
import { GONE } from './listener'

const DIAL_MS = 2500

export interface DialOptions {
  readonly identity: Identity
  readonly address: PeerAddress
  readonly path: string
  /** Whose key the other side must prove, before it hears a word; anybody's where that is not known. */
  readonly expected?: NodeId | undefined
  readonly signal?: AbortSignal
  readonly withinMs?: number
}

/** What a URL can name: it knows no zones, such as the `eth0` of `fe80::1%eth0`. */
const nameable = (ip: string): string => {
  const [address = ''] = ip.split('%')
  return isIPv6(address) ? `[${address}]` : ip
}

export interface Dialled {
  readonly socket: WebSocket
  /** PEM, of the machine that answered. */
  readonly certificate: string
}

/** `ws` only ever calls it with options. */
const connectTo = ({ ip, port }: PeerAddress): typeof createConnection =>
  ((options: ConnectionOptions) => connect({ ...options, host: ip, port })) as unknown as typeof createConnection

/** An open WebSocket to that node at that address. Rejects with CallFailed where it is not there, or is somebody else. */
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
      // Self-signed: it is the key that is compared, as soon as there is one.
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
            stage = 'door'
          }
          raw.once('connect', () => (stage = 'tls'))
          raw.once('secureConnect', check)
        })
      },
    })
    const give = (): void => {
      socket.terminate()
      reject(new Error('given up'))
    }
    signal?.addEventListener('abort', give, { once: true })
    socket.once('open', () => {
      signal?.removeEventListener('abort', give)
      resolve({ socket, certificate: seen })
    })
    socket.on('unexpected-response', (request, { statusCode }) => {
      signal?.removeEventListener('abort', give)
      request.destroy()
      reject(statusCode === GONE ? new Removed() : new CallFailed('lost', new Error(`It answered ${statusCode}`)))
    })
    socket.on('error', (error) => {
      signal?.removeEventListener('abort', give)
      reject(new CallFailed(outcomeOf(error, stage), error))
    })
  })

/** How far a call has come. At the door members are let in, and nobody else gets an answer. */
type Stage = 'tcp' | 'tls' | 'door'

const outcomeOf = (error: Error & { code?: unknown }, stage: Stage): CallOutcome => {
  if (error instanceof WrongPeer) return 'other_machine'
  switch (stage) {
    case 'tls':
      return 'tls'
    case 'door':
      // Who may not come in is cut off; who hangs lets one wait.
      return error.code === 'ECONNRESET' ? 'not_member' : 'lost'
    case 'tcp':
      return tcpOutcome(error.code)
  }
}

/** What a connection that did not come about says of the other side. */
export const tcpOutcome = (code: unknown): 'refused' | 'timed_out' | 'unreachable' => {
  if (code === 'ECONNREFUSED' || code === 'ECONNRESET') return 'refused'
  return code === undefined || code === 'ETIMEDOUT' ? 'timed_out' : 'unreachable'
}

/** A call that led nowhere, with how far it came. */
export class CallFailed extends Error {
  constructor(
    readonly outcome: CallOutcome,
    cause: Error,
  ) {
    super(cause.message, { cause })
    this.name = 'CallFailed'
  }
}

/** Who was meant answers that this machine is no member any more. */
export class Removed extends CallFailed {
  constructor() {
    super('not_member', new Error('It has removed this machine from its cluster'))
    this.name = 'Removed'
  }
}

/** Somebody answers there, but not who was meant. */
export class WrongPeer extends Error {
  constructor() {
    super('Another machine answers at that address')
    this.name = 'WrongPeer'
  }
}
