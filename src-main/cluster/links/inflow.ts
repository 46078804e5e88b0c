/** Messages that a link takes in a window of time; more than a working cluster sends in a second. */
export const MESSAGES_PER_WINDOW = 5000
export const WINDOW_MS = 50

export interface InflowOptions {
  readonly socket: { pause(): void; resume(): void }
  /** Milliseconds; never goes back. */
  readonly now?: () => number
}

/**
 * Flow control for a whole link: over so many messages in a window the socket is not read for a window's length. What
 * was sent waits in the network, TCP holds the sender back, and everything else in this process has its turn. Nothing
 * is lost, and no rate of messages ends a link.
 */
export class Inflow {
  private taken = 0
  private endsAt = -Infinity
  private pause: NodeJS.Timeout | undefined
  private readonly now: () => number

  constructor(private readonly options: InflowOptions) {
    this.now = options.now ?? (() => performance.now())
  }

  /** A message has come. More may come of what was read already. */
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

  /** The link is gone. */
  close(): void {
    clearTimeout(this.pause)
  }
}
