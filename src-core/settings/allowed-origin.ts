import { z } from 'zod'

const ORIGIN = /^([a-z][a-z\d+.-]*):\/\/([a-z\d_.-]+|\[[\da-f:.]+\])(?::(\d{1,5}))?\/?$/
const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: '80', https: '443' }

/**
 * Normalizes an origin as browsers write it (RFC 6454): lower case, no default port, no path; undefined if it is none.
 */
const parseOrigin = (text: string): string | undefined => {
  const [, scheme, host, port] = ORIGIN.exec(text.trim().toLowerCase()) ?? []
  if (scheme === undefined || host === undefined) return undefined
  return `${scheme}://${host}${port === undefined || port === DEFAULT_PORTS[scheme] ? '' : `:${port}`}`
}

/**
 * An origin whose pages may use a node's API. `*` and `null` are rejected: any page can get the origin `null` through a
 * sandboxed frame.
 */
export const AllowedOrigin = z
  .string()
  .max(300)
  .transform((text, context) => {
    const origin = parseOrigin(text)
    if (origin !== undefined) return origin
    const message = 'an origin is a scheme and a host, such as https://chat.example.org or app://obsidian.md'
    context.addIssue({ code: 'custom', message })
    return z.NEVER
  })
