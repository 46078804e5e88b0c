import { readdirSync, readFileSync, type Dirent } from 'node:fs'
import { extname, join, relative, sep } from 'node:path'
import { Hono, type Context } from 'hono'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
}

/** Content security policy: a page may talk only to this node. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const filesIn = (directory: string): string[] => {
  let entries: Dirent[]
  try {
    entries = readdirSync(directory, { withFileTypes: true })
  } catch {
    return []
  }
  return entries.flatMap((entry) => {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) return filesIn(path)
    return entry.isFile() ? [path] : []
  })
}

/** Serves the app's files. Only names found at start-up are served, which rules out path traversal. */
export const staticRoutes = (directory: string): Hono => {
  const routes = new Hono()
  const files = new Map(filesIn(directory).map((file) => [`/${relative(directory, file).split(sep).join('/')}`, file]))
  const index = files.get('/index.html')
  if (index) files.set('/', index)
  const serve = (file: string) => (c: Context) => {
    c.header('content-type', TYPES[extname(file)] ?? 'application/octet-stream')
    c.header('content-security-policy', CONTENT_SECURITY_POLICY)
    c.header('x-content-type-options', 'nosniff')
    c.header('referrer-policy', 'no-referrer')
    // Names under assets contain a content hash.
    c.header('cache-control', c.req.path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache')
    return c.body(new Uint8Array(readFileSync(file)))
  }
  for (const [path, file] of files) routes.get(path, serve(file))
  return routes
}
