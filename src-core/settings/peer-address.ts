import { z } from 'zod'
import { DEFAULT_PEER_PORT } from './ports'

/** Address and port of a machine. */
export interface HostAndPort {
  /** An address or a host name. */
  readonly ip: string
  readonly port: number
}

const LABEL = /^[\p{L}\p{N}_](?:[\p{L}\p{M}\p{N}_-]{0,61}[\p{L}\p{M}\p{N}_])?$/u
const BYTE = /^0*(?:25[0-5]|2[0-4]\d|1?\d?\d)$/

/** Whether a host name or an IPv4 address can be one: nothing answers to 192.168.1.256, `studio..lan` or `-?`. */
const isHostName = (host: string): boolean => {
  const labels = host.replace(/\.$/, '').split('.')
  // Fewer numbers are short for an address, as in 127.1.
  if (labels.every((label) => /^\d+$/.test(label)))
    return labels.length < 4 || (labels.length === 4 && labels.every((label) => BYTE.test(label)))
  return labels.every((label) => LABEL.test(label))
}

const isAddress6 = (address: string): boolean => z.ipv6().safeParse(address.replace(/%.*/, '')).success

/** Parses `host`, `host:port`, `[IPv6]`, `[IPv6]:port` or a bare IPv6 address; undefined for anything else. */
export const parsePeerAddress = (text: string): HostAndPort | undefined => {
  const trimmed = text.trim()
  const isPlain6 = /^[\da-f:.]+(%[\w.-]+)?$/i.test(trimmed) && (trimmed.match(/:/g) ?? []).length > 1
  const [, bracketed, host, digits] = isPlain6
    ? [undefined, trimmed]
    : (/^(?:\[([\da-f:.]+(?:%[\w.-]+)?)\]|([^\s:/[\]]+))(?::(\d{1,5}))?$/i.exec(trimmed) ?? [])
  const ip = bracketed ?? host
  const port = digits === undefined ? DEFAULT_PEER_PORT : Number(digits)
  if (ip === undefined || ip.length > 255 || port < 1 || port > 65535) return undefined
  return (host === undefined || isPlain6 ? isAddress6(ip) : isHostName(ip)) ? { ip, port } : undefined
}

/** An address as a person writes it. */
export const PeerAddressText = z
  .string()
  .max(300)
  .refine((text) => parsePeerAddress(text) !== undefined, 'an address is host or host:port, as in 192.168.1.20:52417')
