import { z } from 'zod'

/** One label of a name, as it stands in a Host header: ASCII, names in other scripts as punycode. */
const LABELS = /^[a-z\d_](?:[a-z\d_-]*[a-z\d_])?(?:\.[a-z\d_](?:[a-z\d_-]*[a-z\d_])?)*$/
const ADDRESS_6 = /^[\da-f:.]*:[\da-f:.]*:[\da-f:.]*$/

/** A name as it is compared: small letters, no dot of the root at its end, no brackets around an IPv6 address. */
export const plainHost = (name: string): string =>
  name
    .trim()
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/(?<=[^.])\.$/, '')

/** The plain form of what a person allows; undefined for what names no host. `*.lan` and `.lan` are the same. */
const parseAllowedHost = (text: string): string | undefined => {
  const plain = plainHost(text).replace(/^\*\./, '.')
  const name = plain.replace(/^\./, '')
  const isSuffix = plain !== name
  return LABELS.test(name) || (!isSuffix && ADDRESS_6.test(name)) ? plain : undefined
}

/**
 * A host whose requests a node answers beside those to its own names: a name or an address, without scheme or port,
 * or a suffix (`*.lan`, `.lan`) for all names below it.
 */
export const AllowedHost = z
  .string()
  .max(255)
  .transform((text, context) => {
    const host = parseAllowedHost(text)
    if (host !== undefined) return host
    const message = 'a host is a name without scheme or port, such as studio.lan, or *.lan for all names below it'
    context.addIssue({ code: 'custom', message })
    return z.NEVER
  })

/** Whether one of `allowed` (as parsed by AllowedHost) covers a plain host. A suffix does not cover itself. */
export const coversHost = (allowed: readonly string[], host: string): boolean =>
  allowed.some((one) => (one.startsWith('.') ? host.length > one.length && host.endsWith(one) : host === one))
