/** Messages that a link accepts per window: more than a working cluster sends in a second. */
export const MESSAGES_PER_WINDOW = 5000
export const WINDOW_MS = 50

export interface InflowOptions {
  readonly socket: { pause(): void; resume(): void }
  /** Milliseconds; never decreases. */
  readonly now?: () => number
}

/**
 * Flow control for a whole link: after too many messages in a window the socket is not read for the length of one.
 * Data waits in the network, TCP slows the sender down, and the rest of this process gets its turn. Nothing is lost,
 * and no message rate ends a link.
 */
export class Inflow {
  private taken = 0
  private endsAt = -Infinity
  private pause: NodeJS.Timeout | undefined
  private readonly now: () => number

  constructor(private readonly options: InflowOptions) {
    this.now = options.now ?? (() => performance.now())
  }

  /** Counts a message. Some more may still arrive that were already read from the socket. */
  count(): void {
    const now = this.now()
    if (now >= this.endsAt) {
      this.taken = 0
      this.endsAt = now + WINDOW_MS
    }
    this.taken += 1
    if (this.taken < MESSAGES_PER_WINDOW || this.pause) return
    const { socket } = this.options
    socket.pause()
    this.pause = setTimeout(() => {
      this.pause = undefined
      socket.resume()
    }, WINDOW_MS)
  }

  /** Called when the link has closed. */
  close(): void {
    clearTimeout(this.pause)
  }
}
