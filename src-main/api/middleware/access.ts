import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Context, MiddlewareHandler } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import type { ApiKeyId } from '@core/ids'
import type { ApiKey } from '@core/state/api-keys'
import type { State } from '@core/state/state'
import { Problem } from '../problem'

const COOKIE = 'muster-session'
const SECRET_BYTES = 32
/** Maximum signed-in browsers; the oldest session is dropped. */
const MAX_SESSIONS = 100
const MAX_LINKS = 10
const LINK_MS = 600_000

const SIGNED_IN = `<!doctype html>
<html lang="en">
  <meta charset="utf-8" />
  <meta http-equiv="refresh" content="0; url=/" />
  <title>Muster</title>
  <p>Signed in. <a href="/">Open Muster</a></p>
</html>
`

const secret = (): string => randomBytes(SECRET_BYTES).toString('base64url')

/** The stored part of a key. */
export const hashOf = (key: string): string => createHash('sha256').update(key).digest('hex')

/** A new API key, shown only once. */
export const newKey = (): string => `mst_${secret()}`

const sameHash = (a: string, b: string): boolean => {
  const [left, right] = [Buffer.from(a, 'hex'), Buffer.from(b, 'hex')]
  return left.length === right.length && timingSafeEqual(left, right)
}

/** Drops the oldest entries above the limit. */
const shorten = (kept: Set<string> | Map<string, unknown>, most: number): void => {
  for (const oldest of kept.keys()) {
    if (kept.size <= most) break
    kept.delete(oldest)
  }
}

const bearerOf = (header: string | undefined): string | undefined => {
  const [scheme, key] = header?.trim().split(/\s+/) ?? []
  return scheme?.toLowerCase() === 'bearer' ? key : undefined
}

/** The request's API key, for handlers. */
export interface KeyVariables {
  /** Absent if the request has no valid key. */
  apiKeyId?: ApiKeyId
}

/** Authentication for an API that is open to the network: API keys, and browser sessions started by a one-time link. */
export class Access {
  // Stores hashes only: a later memory dump of this process reveals no usable session.
  /** By hash, with expiry time. */
  private readonly links = new Map<string, number>()
  private readonly sessions = new Set<string>()

  constructor(private readonly state: () => State) {}

  /** Returns a path that signs in one browser, once. */
  signInPath(): string {
    return this.pathUntil(Infinity)
  }

  /** As `signInPath`, for a QR code: valid for ten minutes only, because others may photograph it. */
  signInLink(): { readonly path: string; readonly expiresAt: number } {
    const expiresAt = Date.now() + LINK_MS
    return { path: this.pathUntil(expiresAt), expiresAt }
  }

  private pathUntil(expiresAt: number): string {
    const code = secret()
    this.links.set(hashOf(code), expiresAt)
    shorten(this.links, MAX_LINKS)
    return `/sign-in?code=${code}`
  }

  /** `GET /sign-in?code=…` */
  readonly signIn: MiddlewareHandler = async (c) => {
    // A program that only looks whether the link leads anywhere, such as one that sends it on, must not use it up.
    if (c.req.method === 'HEAD') return c.body(null, 200)
    const code = hashOf(c.req.query('code') ?? '')
    const until = this.links.get(code) ?? 0
    this.links.delete(code)
    if (until < Date.now()) {
      throw new Problem(401, 'link_used', 'This sign-in link has been used, is too old or is unknown', {
        hint: 'Make another on the page Connect of a browser that is signed in, or start the node again for a new link.',
      })
    }
    const session = secret()
    this.sessions.add(hashOf(session))
    shorten(this.sessions, MAX_SESSIONS)
    setCookie(c, COOKIE, session, { httpOnly: true, sameSite: 'Strict', path: '/' })
    // Not a redirect: a browser that came from another site would not send a SameSite=Strict cookie along with it.
    return c.html(SIGNED_IN)
  }

  /** Whether a request has a valid API key. */
  readonly hasKey = (c: Context): boolean => this.keyOf(c) !== undefined

  /** Identifies the request's API key even where none is required, so that usage and limits count for that key. */
  readonly identify: MiddlewareHandler<{ Variables: KeyVariables }> = async (c, next) => {
    const key = this.keyOf(c)
    if (key) c.set('apiKeyId', key.apiKeyId)
    await next()
  }

  private keyOf(c: Context): ApiKey | undefined {
    // Some clients send both headers, one of them with a placeholder if the user gave none.
    const keys = [bearerOf(c.req.header('authorization')), c.req.header('x-api-key')]
    const hashes = keys.flatMap((key) => (key ? [hashOf(key)] : []))
    if (hashes.length === 0) return undefined
    return Object.values(this.state().apiKeys).find((apiKey) => hashes.some((hash) => sameHash(apiKey.hash, hash)))
  }

  readonly check: MiddlewareHandler = async (c, next) => {
    const cookie = getCookie(c, COOKIE)
    const session = cookie !== undefined && this.sessions.has(hashOf(cookie))
    if (!this.hasKey(c) && !session) {
      throw new Problem(401, 'invalid_api_key', 'This API is open to the network and needs a key', {
        hint: 'Send the header authorization: Bearer KEY, or x-api-key: KEY; a browser signs in with the link that `muster serve` printed.',
      })
    }
    await next()
  }
}
