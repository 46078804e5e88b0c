import { PythonEvent, PythonView } from '@core/protocols/setup'
import type { Api } from '../../api/access'
import { serverSentEvents } from '../../api/server-sent-events'

/** Slightly more than the node keeps. */
const KEPT_CHARACTERS = 128 * 1024
const AGAIN_MS = 1000

/** Progress and output of the Python environment's installation. */
export class PythonInstall {
  view: PythonView | undefined = $state.raw()
  printed = $state('')

  constructor(private readonly api: Pick<Api, 'fetch' | 'post'>) {}

  /** Follows the node's stream until the returned function is called. */
  watch(): () => void {
    const stop = new AbortController()
    void this.follow(stop.signal)
    return () => stop.abort()
  }

  /** Requests the installation; progress comes by the stream, which may be ahead of this answer. Throws ApiError. */
  async install(): Promise<void> {
    await this.api.post('/node/python', {}, PythonView)
  }

  /** Throws ApiError. */
  async cancel(): Promise<void> {
    await this.api.fetch('/node/python', { method: 'DELETE' })
  }

  private async follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const { body } = await this.api.fetch('/node/python/events', { signal })
        // The stream starts with all earlier output.
        this.printed = ''
        if (body) for await (const data of serverSentEvents(body, { signal })) this.take(data)
      } catch {
        // The node is unreachable or restarted: reconnect.
      }
      if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, AGAIN_MS))
    }
  }

  private take(data: string): void {
    const event = PythonEvent.safeParse(JSON.parse(data)).data
    if (event?.kind === 'view') this.view = event.view
    if (event?.kind === 'output') this.printed = (this.printed + event.text).slice(-KEPT_CHARACTERS)
  }
}
