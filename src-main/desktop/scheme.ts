import { readFile } from 'node:fs/promises'
import { extname, join, sep } from 'node:path'
import { protocol, type Session } from 'electron'

/** The app's own origin: not a file's, so that storage, policy and fetch work as on the web. */
export const APP_ORIGIN = 'app://muster'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
}

/** Before the app is ready: Electron takes privileges only then. */
export const registerScheme = (): void => {
  protocol.registerSchemesAsPrivileged([
    { scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true, corsEnabled: true } },
  ])
}

/** The page may run its own code and talk to its own node. */
export const contentSecurityPolicy = (apiUrl: string): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
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
  if (host !== 'muster') return undefined
  const path = join(directory, decodeURIComponent(pathname === '/' ? '/index.html' : pathname))
  return path.startsWith(directory + sep) ? path : undefined
}

/** Serves the built app at `app://muster/`. */
export const serveApp = (session: Session, directory: string, apiUrl: string): void => {
  session.protocol.handle('app', async ({ url }) => {
    const file = fileOf(directory, url)
    if (file === undefined) return new Response('Not found', { status: 404 })
    try {
      return new Response(new Uint8Array(await readFile(file)), {
        headers: {
          'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
          'content-security-policy': contentSecurityPolicy(apiUrl),
          'x-content-type-options': 'nosniff',
        },
      })
    } catch {
      return new Response('Not found', { status: 404 })
    }
  })
}
