import { z } from 'zod'

/** Host name in a Host header: ASCII labels, with other scripts as punycode. */
const LABELS = /^[a-z\d_](?:[a-z\d_-]*[a-z\d_])?(?:\.[a-z\d_](?:[a-z\d_-]*[a-z\d_])?)*$/
const ADDRESS_6 = /^[\da-f:.]*:[\da-f:.]*:[\da-f:.]*$/

/**
 * Normalizes a host for comparison: lower case, without the root's trailing dot and the brackets of an IPv6 address.
 */
export const plainHost = (name: string): string =>
  name
    .trim()
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/(?<=[^.])\.$/, '')

/** Normalizes an allowed host or suffix; undefined if it is neither. `*.lan` and `.lan` are equivalent. */
const parseAllowedHost = (text: string): string | undefined => {
  const plain = plainHost(text).replace(/^\*\./, '.')
  const name = plain.replace(/^\./, '')
  const isSuffix = plain !== name
  return LABELS.test(name) || (!isSuffix && ADDRESS_6.test(name)) ? plain : undefined
}

/**
 * A further host that a node accepts requests for, besides its own names: a name or address without scheme and port, or
 * a suffix (`*.lan`, `.lan`) for all names below it.
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

/** Whether `allowed` (as parsed by AllowedHost) covers a normalized host. A suffix does not cover itself. */
export const coversHost = (allowed: readonly string[], host: string): boolean =>
  allowed.some((one) => (one.startsWith('.') ? host.length > one.length && host.endsWith(one) : host === one))
