import type { Socket } from 'node:net'
import type { buildConnector as BuildConnector } from 'undici'

/** What one read of a socket may bring. Node's own 64 KiB need twice as many system calls. */
const READ_BYTES = 128 * 1024
/** Shorter reads are copied: undici keeps slices of headers, which may come in several of them. Headers end at 16 KiB. */
const SMALL_BYTES = 8 * 1024

type Connector = ReturnType<typeof BuildConnector>

/**
 * Two buffers that a socket is read into in turn. Node would allocate one for each read: on a fast line allocating,
 * clearing and collecting them takes most of the processor time of a download.
 *
 * 1. A buffer is read into again only when the socket's queue was empty at the following read, so its bytes were
 *    consumed. Otherwise the socket gets a new one.
 * 2. So whoever consumes bytes must be done with them, or have copied them, when its callback returns. `ResponseBody`
 *    copies.
 */
class ReadBuffers {
  socket: Socket | undefined
  private current = Buffer.allocUnsafeSlow(READ_BYTES)
  private spare = Buffer.allocUnsafeSlow(READ_BYTES)

  /** The option `onread` of `net.connect` and `tls.connect`. */
  readonly onread = {
    buffer: (): Uint8Array => this.current,
    callback: (length: number): boolean => this.read(length),
  }

  /** Returns false to stop reading until the socket's bytes are consumed. */
  private read(length: number): boolean {
    const { socket, current, spare } = this
    // No server speaks before it is asked, which is after the connection was handed over.
    if (!socket) return false
    if (length < SMALL_BYTES) return socket.push(Buffer.from(current.subarray(0, length)))
    const isConsumed = socket.readableLength === 0
    this.current = isConsumed ? spare : Buffer.allocUnsafeSlow(READ_BYTES)
    this.spare = current
    return socket.push(current.subarray(0, length))
  }
}

/** Connects sockets with such buffers. Through a proxy's tunnel Node ignores them. */
export const readingConnector =
  (build: typeof BuildConnector, trust: { readonly ca?: string[] }): Connector =>
  (options, callback) => {
    const buffers = new ReadBuffers()
    // Each read stops the socket until its bytes are consumed.
    const connect = build({ ...trust, highWaterMark: 1, onread: buffers.onread } as Parameters<
      typeof BuildConnector
    >[0])
    connect(options, (...result) => {
      const [, socket] = result
      if (socket) buffers.socket = socket
      callback(...result)
    })
  }
