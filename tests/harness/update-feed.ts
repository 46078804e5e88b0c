import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

interface Release {
  readonly version: string
  /** The installer's content. */
  readonly content: Buffer
  /** The checksum in the feed; that of the content unless a test wants a wrong one. */
  readonly sha512?: string
}

export interface UpdateFeed {
  readonly url: string
  publish(release: Release): void
  /** Requested paths, oldest first. */
  readonly asked: readonly string[]
  close(): Promise<void>
}

const sha512Of = (content: Buffer): string => createHash('sha512').update(content).digest('base64')

/** A release feed for electron-builder's `generic` provider, with one release at a time. */
export const startUpdateFeed = async (): Promise<UpdateFeed> => {
  let release: Release | undefined
  const asked: string[] = []
  const answer = ({ url = '' }: IncomingMessage, response: ServerResponse): void => {
    const path = url.split('?')[0] ?? ''
    asked.push(path)
    if (release === undefined) return void response.writeHead(404).end()
    const { version, content, sha512 = sha512Of(content) } = release
    const file = `Muster-${version}.AppImage`
    if (path === '/latest-linux.yml') {
      const files = `files:\n  - url: ${file}\n    sha512: ${sha512}\n    size: ${content.length}\n`
      response.end(`version: ${version}\n${files}path: ${file}\nsha512: ${sha512}\nreleaseDate: '2026-01-01'\n`)
    } else if (path === `/${file}`) response.writeHead(200, { 'content-length': content.length }).end(content)
    else response.writeHead(404).end()
  }
  const server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    publish: (next) => void (release = next),
    asked,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
