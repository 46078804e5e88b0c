import type { Api } from '../../api/access'
import { serverSentEvents } from '../../api/server-sent-events'
import { logLine, type LogLine } from './log-lines'

/** Lines of the first read, and the most kept in the window. */
const FIRST_LINES = 1000
const MOST_LINES = 5000
/** Batches bursts of lines. */
const SHOW_AFTER_MS = 100
const AGAIN_MS = 2000

/** Follows the node's log while the view is open. */
export class LogFeed {
  lines: readonly LogLine[] = $state.raw([])
  problem: unknown = $state.raw()
  private readonly stop = new AbortController()
  private waiting: LogLine[] = []
  private count = 0
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(private readonly api: Pick<Api, 'fetch'>) {
    void this.follow()
  }

  close(): void {
    this.stop.abort()
    clearTimeout(this.timer)
  }

  private async follow(): Promise<void> {
    const { signal } = this.stop
    try {
      const since = this.lines.at(-1)?.time
      const query = since ? `since=${encodeURIComponent(since)}&lines=${MOST_LINES}` : `lines=${FIRST_LINES}`
      const { body } = await this.api.fetch(`/node/log/events?${query}`, { signal })
      this.problem = undefined
      // The node resumes from that timestamp inclusively, so lines from it on are dropped first.
      if (since) this.lines = this.lines.filter(({ time }) => time < since)
      if (body) for await (const data of serverSentEvents(body)) this.take(data)
    } catch (error) {
      if (!signal.aborted) this.problem = error
    }
    if (!signal.aborted) this.timer = setTimeout(() => void this.follow(), AGAIN_MS)
  }

  private take(text: string): void {
    this.waiting.push(logLine(text, this.count))
    this.count += 1
    if (this.waiting.length > 1) return
    setTimeout(() => {
      this.lines = [...this.lines, ...this.waiting].slice(-MOST_LINES)
      this.waiting = []
    }, SHOW_AFTER_MS)
  }
}
