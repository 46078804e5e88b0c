import { createServer, type AddressInfo } from 'node:net'

/** A free port, held until a runner takes it over. */
export interface ReservedPort {
  readonly port: number
  /** Resolves when the runner can bind the port. Idempotent. */
  release(): Promise<void>
}

/** Rejects with the system's error. */
export const reservePort = (): Promise<ReservedPort> =>
  new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy())
    // Lasting: an error of a later `accept` without a listener would end the process.
    server.on('error', reject)
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
