import type { RunnerId } from '@core/ids'
import type { Api } from '../../api/access'

/** Polling interval of a followed console. */
const AGAIN_MS = 1000

/** Polls the recent output of a runner while someone follows it. */
export class ConsoleFeed {
  /** Undefined until the first read. */
  printed: string | undefined = $state.raw()
  problem: unknown = $state.raw()
  follows = $state(true)
  private readonly stop = new AbortController()
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(
    private readonly api: Pick<Api, 'fetch'>,
    private readonly runnerId: RunnerId,
  ) {
    void this.read()
  }

  close(): void {
    this.stop.abort()
    clearTimeout(this.timer)
  }

  private async read(): Promise<void> {
    const { signal } = this.stop
    if (this.follows || this.printed === undefined)
      try {
        this.printed = await (await this.api.fetch(`/runner/${this.runnerId}/console`, { signal })).text()
        this.problem = undefined
      } catch (error) {
        if (!signal.aborted) this.problem = error
      }
    if (!signal.aborted) this.timer = setTimeout(() => void this.read(), AGAIN_MS)
  }
}
