import type { RunnerId } from '@core/ids'
import type { Api } from '../../api/access'

/** How often a console is read that is followed. */
const AGAIN_MS = 1000

/** What a runner has printed lately, read again and again for as long as somebody follows it. */
export class ConsoleFeed {
  /** Undefined until it has been read. */
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
