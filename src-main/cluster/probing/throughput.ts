import { WebSocket } from 'ws'
import type { NodeId } from '@core/ids'
import type { Identity } from '../identity'
import { dial } from '../links/dial'
import type { Caller } from '../links/listener'

export const THROUGHPUT_PATH = '/throughput'

/** How long bytes flow. */
const FLOW_MS = 500
/** What arrives before this says more of TCP's slow start, and of what the buffers on the way hold, than of the link. */
const WARM_UP_MS = 200
/** However slow the link is: this long, and what came by then counts. */
const PATIENCE_MS = 3000
const CHUNK = Buffer.alloc(64 * 1024)
/** Chunks on their way to the socket; enough to keep it busy. */
const AT_ONCE = 8
/** Close code for a caller who has to come again. */
const BUSY = 4013

/** Answers others' measurements: one at a time, for two at once would measure one another. */
export class ThroughputDoor {
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

/** A measured address of a member. */
export interface Way {
  readonly nodeId: NodeId
  readonly ip: string
  readonly port: number
}

/**
 * Bytes a second that arrive from a member over that address, as one TLS connection brings them. Rejects where it
 * cannot be reached there, or is busy with another measurement.
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
        // What arrives at the first moment was on its way before.
        if (from === 0) from = now
        else bytes += data.length
        until = now
      }
    })
    const late = setTimeout(() => socket.terminate(), PATIENCE_MS)
    socket.once('close', (code) => {
      clearTimeout(late)
      if (bytes > 0 && until > from) return resolve((bytes / (until - from)) * 1000)
      reject(new Error(code === BUSY ? 'That machine is being measured by another' : 'Too little came to measure'))
    })
  })
}
