import { WebSocket } from 'ws'
import type { NodeId } from '@core/ids'
import type { Identity } from '../identity'
import { dial } from '../links/dial'
import type { Caller } from '../links/listener'

export const THROUGHPUT_PATH = '/throughput'

/** How long the server sends. */
const FLOW_MS = 500
/** Bytes that arrive earlier are ignored: they reflect TCP slow start and buffers, not the link. */
const WARM_UP_MS = 200
/** The limit on a slow link; what has arrived by then is measured. */
const PATIENCE_MS = 3000
const CHUNK = Buffer.alloc(64 * 1024)
/** Chunks queued on the socket; enough to keep it busy. */
const AT_ONCE = 8
/** Close code for a caller that should retry later. */
const BUSY = 4013

/** Serves other members' measurements, one at a time: two at once would measure each other. */
export class ThroughputServer {
  private busy = false

  enter({ socket }: Pick<Caller, 'socket'>): void {
    socket.on('error', () => socket.terminate())
    if (this.busy) return socket.close(BUSY, 'busy')
    this.busy = true
    const until = performance.now() + FLOW_MS
    const next = (): void => {
      if (socket.readyState !== WebSocket.OPEN) return
      if (performance.now() >= until) return socket.close(1000)
      socket.send(CHUNK, next)
    }
    const late = setTimeout(() => socket.terminate(), PATIENCE_MS)
    socket.once('close', () => {
      clearTimeout(late)
      this.busy = false
    })
    for (let chunk = 0; chunk < AT_ONCE; chunk += 1) next()
  }
}

/** A member's address to measure. */
export interface Way {
  readonly nodeId: NodeId
  readonly ip: string
  readonly port: number
}

/**
 * Measures bytes per second received from a member at that address over one TLS connection. Rejects if it cannot be
 * reached there, or is busy with another measurement.
 */
export const measureThroughput = async (identity: Identity, { nodeId, ip, port }: Way): Promise<number> => {
  const { socket } = await dial({ identity, address: { ip, port }, path: THROUGHPUT_PATH, expected: nodeId })
  return new Promise((resolve, reject) => {
    let begun: number | undefined
    let [bytes, from, until] = [0, 0, 0]
    socket.on('message', (data: Buffer) => {
      const now = performance.now()
      begun ??= now
      if (now - begun >= WARM_UP_MS) {
        // The first chunk after the warm-up was in flight before it: start the clock, do not count it.
        if (from === 0) from = now
        else bytes += data.length
        until = now
      }
    })
    const late = setTimeout(() => socket.terminate(), PATIENCE_MS)
    socket.once('close', (code) => {
      clearTimeout(late)
      if (bytes > 0 && until > from) return resolve((bytes / (until - from)) * 1000)
      reject(
        new Error(code === BUSY ? 'That machine is being measured by another' : 'Too little data arrived to measure'),
      )
    })
  })
}
