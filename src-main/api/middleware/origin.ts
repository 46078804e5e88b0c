import type { Context, MiddlewareHandler } from 'hono'
import { AllowedOrigin } from '@core/settings/allowed-origin'
import { coversHost } from '@core/settings/allowed-host'
import { Problem } from '../problem'
import { hostOf } from './host'

/** What a handler that writes to the socket itself must know of the request. */
export interface OriginVariables {
  /** The allowed origin that asked, to be named in the answer. */
  allowedOrigin?: string
}

/** Headers of answers that pages may read beside those that every page may. */
const EXPOSED = [
  'x-muster-ignored-fields',
  'x-muster-durable-on',
  'retry-after',
  'request-id',
  ...['limit', 'remaining', 'reset'].flatMap((name) => [`x-ratelimit-${name}-requests`, `x-ratelimit-${name}-tokens`]),
].join(', ')
/** What an answer to a preflight depends on. */
const ASKED = 'access-control-request-method, access-control-request-headers, access-control-request-private-network'
const PREFLIGHT_KEPT_SECONDS = '600'

/** What lets a page of an allowed origin read an answer (CORS, WHATWG Fetch). None for programs and own pages. */
export const corsHeaders = (origin: string | undefined): Record<string, string> =>
  origin === undefined
    ? { vary: 'origin' }
    : { vary: 'origin', 'access-control-allow-origin': origin, 'access-control-expose-headers': EXPOSED }

/**
 * What a browser asks before the request of a page. It brings no key, and its answer tells nothing but that this
 * origin is allowed; the request itself is checked when it comes.
 */
const answerPreflight = (c: Context, method: string): Response => {
  c.header('vary', `origin, ${ASKED}`)
  c.header('access-control-allow-methods', method)
  const headers = c.req.header('access-control-request-headers')
  if (headers !== undefined) c.header('access-control-allow-headers', headers)
  // From a public page to a machine of a private network (WICG Private Network Access).
  if (c.req.header('access-control-request-private-network') === 'true')
    c.header('access-control-allow-private-network', 'true')
  c.header('access-control-max-age', PREFLIGHT_KEPT_SECONDS)
  return c.body(null, 204)
}

const refusal = (origin: string | undefined): Problem => {
  const usual = 'Call it from a program, or from a page that this node serves'
  const allow = AllowedOrigin.safeParse(origin).data
  const hint =
    allow === undefined
      ? `${usual}; pages of an origin in --allow-origin (MUSTER_ALLOWED_ORIGINS) may call it with fetch.`
      : `${usual}, or allow this origin: start with --allow-origin ${allow} or MUSTER_ALLOWED_ORIGINS=${allow}, or put "allowedOrigins": ["${allow}"] into settings.json in the data folder.`
  return new Problem(
    403,
    'foreign_origin',
    `Pages of ${origin?.slice(0, 300) ?? 'another site'} may not use this API`,
    {
      hint,
    },
  )
}

export interface OriginCheckOptions {
  /** The app's own window, whose scheme is its own, and the origins from the settings. */
  readonly allowedOrigins: readonly string[]
  /** From the settings: names under which a proxy may serve our own pages, with https. */
  readonly allowedHosts: readonly string[]
}

/**
 * Refuses requests that a page of another origin makes in a person's browser (CSRF). Programs send no Origin and pass.
 * Allowed origins are told so (CORS), in errors too, so this comes before all other checks.
 */
export const originCheck = ({
  allowedOrigins,
  allowedHosts,
}: OriginCheckOptions): MiddlewareHandler<{ Variables: OriginVariables }> => {
  const isOwn = (c: Context, origin: string): boolean => {
    const host = c.req.header('host') ?? ''
    return origin === `http://${host}` || (origin === `https://${host}` && coversHost(allowedHosts, hostOf(c)))
  }
  return async (c, next) => {
    const origin = c.req.header('origin')
    const allowed = origin !== undefined && allowedOrigins.includes(origin)
    for (const [name, value] of Object.entries(corsHeaders(allowed ? origin : undefined))) c.header(name, value)
    const site = c.req.header('sec-fetch-site')
    const elsewhere = site === 'cross-site' || site === 'same-site'
    // A link that a person follows to this page is no forgery, and changes nothing.
    const visit = c.req.method === 'GET' && c.req.header('sec-fetch-mode') === 'navigate'
    const foreign = origin !== undefined && !isOwn(c, origin)
    if (!allowed && (foreign || (elsewhere && !visit))) throw refusal(origin)
    if (allowed) {
      c.set('allowedOrigin', origin)
      const method = c.req.header('access-control-request-method')
      if (c.req.method === 'OPTIONS' && method !== undefined) return answerPreflight(c, method)
    }
    await next()
    return undefined
  }
}
