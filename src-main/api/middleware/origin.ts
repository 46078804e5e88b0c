import type { Context, MiddlewareHandler } from 'hono'
import { AllowedOrigin } from '@core/settings/allowed-origin'
import { coversHost } from '@core/settings/allowed-host'
import { Problem } from '../problem'
import { hostOf } from './host'

/** For handlers that write to the socket themselves. */
export interface OriginVariables {
  /** The request's origin, if it is allowed; echoed in the response. */
  allowedOrigin?: string
}

/** Response headers exposed to pages beside the CORS-safelisted ones. */
const EXPOSED = [
  'x-muster-ignored-fields',
  'x-muster-queued',
  'x-muster-durable-on',
  'retry-after',
  'request-id',
  ...['limit', 'remaining', 'reset'].flatMap((name) => [`x-ratelimit-${name}-requests`, `x-ratelimit-${name}-tokens`]),
].join(', ')
/** `Vary` of a preflight response. */
const ASKED = 'access-control-request-method, access-control-request-headers, access-control-request-private-network'
const PREFLIGHT_KEPT_SECONDS = '600'

/** CORS headers for a page of an allowed origin (WHATWG Fetch). None for programs and our own pages. */
export const corsHeaders = (origin: string | undefined): Record<string, string> =>
  origin === undefined
    ? { vary: 'origin' }
    : { vary: 'origin', 'access-control-allow-origin': origin, 'access-control-expose-headers': EXPOSED }

/**
 * Answers a CORS preflight. It carries no key, and the answer reveals only that the origin is allowed; the actual
 * request is checked when it arrives.
 */
const answerPreflight = (c: Context, method: string): Response => {
  c.header('vary', `origin, ${ASKED}`)
  c.header('access-control-allow-methods', method)
  const headers = c.req.header('access-control-request-headers')
  if (headers !== undefined) c.header('access-control-allow-headers', headers)
  // From a public page to a private network (WICG Private Network Access).
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
  /** The app window's own scheme, and the origins from the settings. */
  readonly allowedOrigins: readonly string[]
  /** From the settings: host names under which a proxy serves our own pages over https. */
  readonly allowedHosts: readonly string[]
}

/**
 * Refuses cross-origin requests made by pages in a person's browser (CSRF). Programs send no Origin and pass. Runs
 * before all other checks, so that error responses carry CORS headers too.
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
    // Following a link to this page changes nothing, so it is not treated as forgery.
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
