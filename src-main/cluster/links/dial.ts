import { TLSSocket } from 'node:tls'
import { WebSocket } from 'ws'
import type { NodeId } from '@core/ids'
import { publicKeyHash } from '../certificate'
import type { Identity } from '../identity'
import type { PeerAddress } from './address-book'
import { SOCKET_OPTIONS } from './link'

const DIAL_MS = 2500

export interface DialOptions {
  readonly identity: Identity
  readonly address: PeerAddress
  readonly path: string
  /** Whose key the other side must prove, before it hears a word; anybody's where that is not known. */
  readonly expected?: NodeId | undefined
  readonly signal?: AbortSignal
}

const host = (ip: string): string => (ip.includes(':') ? `[${ip.replace(/%/g, '%25')}]` : ip)

export interface Dialled {
  readonly socket: WebSocket
  /** PEM, of the machine that answered. */
  readonly certificate: string
}

/** An open WebSocket to that node at that address. Rejects where it is not there, or is somebody else. */
export const dial = ({ identity, address, path, expected, signal }: DialOptions): Promise<Dialled> =>
  new Promise((resolve, reject) => {
    let seen = ''
    if (signal?.aborted) return reject(new Error('given up'))
    const socket = new WebSocket(`wss://${host(address.ip)}:${address.port}${path}`, {
      ...SOCKET_OPTIONS,
      key: identity.privateKey,
      cert: identity.certificate,
      minVersion: 'TLSv1.3',
      // Self-signed: it is the key that is compared, as soon as there is one.
      rejectUnauthorized: false,
      handshakeTimeout: DIAL_MS,
      finishRequest: (request) => {
        request.once('socket', (raw) => {
          const check = (): void => {
            const certificate = raw instanceof TLSSocket ? raw.getPeerX509Certificate() : undefined
            seen = certificate?.toString() ?? ''
            if (certificate && (expected === undefined || publicKeyHash(certificate) === expected)) request.end()
            else request.destroy(new WrongPeer())
          }
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
    socket.on('error', (error) => {
      signal?.removeEventListener('abort', give)
      reject(error)
    })
  })

/** Somebody answers there, but not who was meant. */
export class WrongPeer extends Error {
  constructor() {
    super('Another machine answers at that address')
    this.name = 'WrongPeer'
  }
}
