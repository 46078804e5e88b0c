import { z } from 'zod'
import { DEFAULT_PEER_PORT } from './ports'

/** Address and port of a machine. */
export interface HostAndPort {
  /** An address or a host name. */
  readonly ip: string
  readonly port: number
}

/** Parses `host`, `host:port`, `[IPv6]`, `[IPv6]:port` or a bare IPv6 address; undefined for anything else. */
export const parsePeerAddress = (text: string): HostAndPort | undefined => {
  const trimmed = text.trim()
  const isPlain6 = /^[\da-f:.]+(%[\w.-]+)?$/i.test(trimmed) && (trimmed.match(/:/g) ?? []).length > 1
  const [, bracketed, host, digits] = isPlain6
    ? [undefined, trimmed]
    : (/^(?:\[([\da-f:.]+(?:%[\w.-]+)?)\]|([^\s:/[\]]+))(?::(\d{1,5}))?$/i.exec(trimmed) ?? [])
  const ip = bracketed ?? host
  const port = digits === undefined ? DEFAULT_PEER_PORT : Number(digits)
  return ip === undefined || ip.length > 255 || port < 1 || port > 65535 ? undefined : { ip, port }
}

/** An address as a person writes it. */
export const PeerAddressText = z
  .string()
  .max(300)
  .refine((text) => parsePeerAddress(text) !== undefined, 'an address is host or host:port, as in 192.168.1.20:52417')
