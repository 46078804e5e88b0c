import { Benchmark, BenchmarkPlan, BenchmarksResponse, type BenchmarkScope } from '@core/protocols/benchmark'
import type { MetaInstance } from '@core/state/meta-instances'
import { withQuery, type Api } from '../../api/access'
import { serverSentEvents } from '../../api/server-sent-events'

const AGAIN_MS = 1000

/** Kept benchmarks of a declaration, and the running one. */
export class BenchmarkRun {
  scope: BenchmarkScope = $state('here')
  /** Undefined until the node answers. */
  plan: BenchmarkPlan | undefined = $state.raw()
  problem: unknown = $state.raw()
  busy = $state(false)
  private all: readonly Benchmark[] = $state.raw([])
  /** Newest first. */
  readonly own: readonly Benchmark[] = $derived(this.all.filter(({ modelId }) => modelId === this.modelId))
  /** The running benchmark of any model; only one runs at a time. */
  readonly running: Benchmark | undefined = $derived(this.all.find(({ state }) => state === 'running'))
  private readonly modelId: string
  private readonly model: string

  constructor(
    private readonly api: Pick<Api, 'fetch' | 'get' | 'post'>,
    { metaInstanceId, modelId }: Pick<MetaInstance, 'metaInstanceId' | 'modelId'>,
  ) {
    this.modelId = modelId
    this.model = metaInstanceId
  }

  /** Follows the node's stream until the returned function is called. */
  watch(): () => void {
    const stop = new AbortController()
    void this.follow(stop.signal)
    void this.choose(this.scope)
    return () => stop.abort()
  }

  /** Requests the plan of a scope: what would be measured. Neither the plan nor the failure of another one is shown. */
  async choose(scope: BenchmarkScope): Promise<void> {
    this.scope = scope
    const isOutdated = (): boolean => this.scope !== scope
    await this.attempt(async () => {
      try {
        const plan = await this.api.get(withQuery('/benchmarks/plan', { model: this.model, scope }), BenchmarkPlan)
        if (!isOutdated()) this.plan = plan
      } catch (error) {
        if (isOutdated()) return
        this.plan = undefined
        throw error
      }
    })
  }

  start(): Promise<void> {
    return this.attempt(async () => {
      await this.api.post('/benchmarks', { model: this.model, scope: this.scope }, Benchmark)
    })
  }

  cancel(): Promise<void> {
    return this.attempt(async () => {
      await this.api.fetch('/benchmarks/running', { method: 'DELETE' })
    })
  }

  private async attempt(act: () => Promise<void>): Promise<void> {
    this.busy = true
    try {
      await act()
      this.problem = undefined
    } catch (error) {
      this.problem = error
    } finally {
      this.busy = false
    }
  }

  private async follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const { body } = await this.api.fetch('/benchmarks/events', { signal })
        if (body)
          for await (const data of serverSentEvents(body, { signal })) {
            const received = BenchmarksResponse.safeParse(JSON.parse(data)).data
            if (received) this.all = received.benchmarks
          }
      } catch {
        // The node is unreachable or restarted: reconnect.
      }
      if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, AGAIN_MS))
    }
  }
}
