import { readFile } from 'node:fs/promises'
import { extname, join, sep } from 'node:path'
import { protocol, type Session } from 'electron'
import { HOST, SCHEME } from './page'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
}

/** Must be called before the app is ready: Electron accepts privileged schemes only then. */
export const registerScheme = (): void => {
  protocol.registerSchemesAsPrivileged([
    { scheme: SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true, corsEnabled: true } },
  ])
}

/** The page may only run its own code and connect to its own node. */
export const contentSecurityPolicy = (apiUrl: string): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    `connect-src ${apiUrl}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')

/** The file that a request names; undefined for anything outside the folder. */
export const fileOf = (directory: string, url: string): string | undefined => {
  const { host, pathname } = new URL(url)
  if (host !== HOST) return undefined
  let name: string
  try {
    name = decodeURIComponent(pathname)
  } catch {
    return undefined
  }
  const path = join(directory, name === '/' ? 'index.html' : name)
  return path.startsWith(directory + sep) && !path.includes('\0') ? path : undefined
}

/** Serves the built app at `app://muster/` once the node's address is known. Returns the function that stops it. */
export const serveApp = (
  session: Session,
  { directory, apiUrl }: { readonly directory: string; readonly apiUrl: Promise<string> },
): (() => void) => {
  session.protocol.handle(SCHEME, async ({ url }) => {
    const headers = {
      'content-security-policy': contentSecurityPolicy(await apiUrl),
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    }
    const notFound = () => new Response('Not found', { status: 404, headers })
    const file = fileOf(directory, url)
    if (file === undefined) return notFound()
    try {
      const type = TYPES[extname(file)] ?? 'application/octet-stream'
      return new Response(new Uint8Array(await readFile(file)), { headers: { ...headers, 'content-type': type } })
    } catch {
      return notFound()
    }
  })
  return () => session.protocol.unhandle(SCHEME)
}
