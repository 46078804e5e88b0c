import { createServer, request } from 'node:http'
import { once } from 'node:events'
import { connect, type AddressInfo, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** Where the fake proxy connects to, whatever host the client names. */
export interface ProxyRoutes {
  /** For `CONNECT`: a port of this machine. */
  readonly tunnelTo: number
  /** For requests in absolute form: a port of this machine. */
  readonly forwardTo: number
  /** The `user:password` that it requires. */
  readonly credentials?: string
}

export interface FakeProxy {
  readonly port: number
  /** `CONNECT host:port` and `GET http://…`, in order of arrival. */
  readonly asked: readonly string[]
  close(): Promise<void>
}

/** A fake HTTP proxy: tunnels and forwards according to RFC 9110, but always to one place. */
export const startFakeProxy = async ({ tunnelTo, forwardTo, credentials }: ProxyRoutes): Promise<FakeProxy> => {
  const asked: string[] = []
  const open = new Set<Socket | Duplex>()
  const demanded = credentials && `Basic ${Buffer.from(credentials).toString('base64')}`
  const server = createServer((incoming, response) => {
    asked.push(`${incoming.method ?? ''} ${incoming.url ?? ''}`)
    const { pathname, search } = new URL(incoming.url ?? '', 'http://unknown')
    const onward = request({ port: forwardTo, path: `${pathname}${search}`, headers: incoming.headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    onward.on('error', () => response.destroy())
    incoming.pipe(onward)
  })
  server.on('connect', (incoming, client) => {
    asked.push(`CONNECT ${incoming.url ?? ''}`)
    if (demanded !== undefined && incoming.headers['proxy-authorization'] !== demanded) {
      client.end('HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic\r\ncontent-length: 0\r\n\r\n')
      return
    }
    const onward = connect(tunnelTo, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      onward.pipe(client).pipe(onward)
    })
    for (const end of [client, onward]) {
      open.add(end)
      end.on('error', () => onward.destroy())
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    close: async () => {
      for (const end of open) end.destroy()
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
