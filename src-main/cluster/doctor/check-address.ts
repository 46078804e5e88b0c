import { connect as connectTcp } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { NodeId } from '@core/ids'
import type { AddressCheck } from '@core/protocols/doctor'
import { publicKeyHash } from '../certificate'
import type { Identity } from '../identity'
import type { PeerAddress } from '../links/address-book'
import { tcpOutcome } from '../links/dial'

/** Machines on one network answer within milliseconds; a dropped packet is retransmitted after one second. */
const CHECK_MS = 1500

export interface CheckOptions {
  readonly identity: Identity
  readonly address: PeerAddress
  readonly expected: NodeId
  readonly withinMs?: number
}

/** Checks one address: connects, reads the certificate, and hangs up. Never rejects. */
export const checkAddress = ({
  identity,
  address,
  expected,
  withinMs = CHECK_MS,
}: CheckOptions): Promise<AddressCheck> =>
  new Promise((resolve) => {
    const { ip, port } = address
    const tcp = connectTcp({ host: ip, port })
    let tls: ReturnType<typeof connectTls> | undefined
    const end = (outcome: Pick<AddressCheck, 'tcp' | 'tls'>): void => {
      clearTimeout(late)
      tls?.destroy()
      tcp.destroy()
      resolve({ ip, port, ...outcome })
    }
    const late = setTimeout(() => end(tls ? { tcp: 'open', tls: 'failed' } : { tcp: 'timed_out' }), withinMs)
    tcp.once('error', (error: NodeJS.ErrnoException) => {
      if (!tls) end({ tcp: tcpOutcome(error.code) })
    })
    tcp.once('connect', () => {
      tls = connectTls({
        socket: tcp,
        key: identity.privateKey,
        cert: identity.certificate,
        minVersion: 'TLSv1.3',
        // Self-signed: the key is compared instead.
        rejectUnauthorized: false,
      })
      tls.on('error', () => end({ tcp: 'open', tls: 'failed' }))
      tls.once('secureConnect', () => {
        const certificate = tls?.getPeerX509Certificate()
        if (!certificate) return end({ tcp: 'open', tls: 'failed' })
        end({ tcp: 'open', tls: publicKeyHash(certificate) === expected ? 'ok' : 'other_machine' })
      })
    })
  })
