import { createServer, type AddressInfo } from 'node:net'

/** A free port, held so that nobody else is given it, until a runner takes it over. */
export interface ReservedPort {
  readonly port: number
  /** Resolves when it is free for the runner. May be called again. */
  release(): Promise<void>
}

/** Rejects with what the system says. */
export const reservePort = (): Promise<ReservedPort> =>
  new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', reject)
    server.listen(0, '0.0.0.0', () => {
      const { port } = server.address() as AddressInfo
      const closed = new Promise<void>((done) => server.once('close', () => done()))
      resolve({
        port,
        release: () => {
          server.close()
          return closed
        },
      })
    })
  })
