import { Counter, Registry } from 'prom-client'
import { Decision, type Envelope } from '@core/events/event'
import type { ClientRequest } from '@core/generation/request'
import type { GenerationUpdate } from '@core/generation/stream'
import type { UsageByKey } from '@core/keys/usage'
import type { State } from '@core/state/state'
import { counted, DRAFT_RESULTS, gauges, OUTCOMES, TIERS } from './instruments'
import { Recoveries } from './recoveries'
import { measured } from './requests'
import { setGauges, type LiveRequests } from './snapshot'

export interface MetricsOptions {
  readonly source: { state(): State; subscribe(event: (envelope: Envelope) => void, reset?: () => void): () => void }
  readonly live: () => LiveRequests
  /** Reconcile passes of this node as leader, since its start. */
  readonly reconciles: () => number
  readonly isMaster: () => boolean
  /** Usage counted by this node, by API key. */
  readonly usage: () => UsageByKey
  /** Name of an API key, by id. */
  readonly keyName: (apiKeyId: string) => string
}

/** Metrics in the Prometheus text format. */
export interface MetricsPage {
  readonly text: string
  readonly contentType: string
}

type Generate<Request, Options> = (request: Request, options: Options) => AsyncIterable<GenerationUpdate>

const DECISIONS = Decision.options.map(({ shape }) => shape.type.value)

/** Metrics of this node: counters updated by events, gauges computed at each scrape. */
export class Metrics {
  private readonly register = new Registry()
  private readonly counted = counted([this.register])
  private readonly gauges = gauges([this.register])
  private readonly recoveries: Recoveries
  /** Models whose series exist. */
  private readonly begun = new Set<string>()
  private readonly unsubscribe: () => void

  constructor(private readonly options: MetricsOptions) {
    const { source } = options
    this.recoveries = new Recoveries(() => source.state(), this.counted)
    for (const type of DECISIONS) this.counted.decisions.inc({ type }, 0)
    for (const cause of ['runners', 'node', 'connection', 'unknown']) this.counted.replacements.inc({ cause }, 0)
    this.unsubscribe = source.subscribe(
      (envelope) => this.recoveries.happened(envelope),
      () => this.recoveries.replaced(),
    )
  }

  close(): void {
    this.unsubscribe()
    this.register.clear()
  }

  /** Wraps a stream of requests with measurement. */
  measuring<Request extends Pick<ClientRequest, 'model' | 'countOnly'>, Options>(
    generate: Generate<Request, Options>,
  ): (request: Request, options: Options) => AsyncGenerator<GenerationUpdate> {
    const { source } = this.options
    const context = { state: () => source.state(), counted: this.counted, begin: (model: string) => this.begin(model) }
    return (request, options) => measured(request, generate(request, options), context)
  }

  /** @param byKey include the usage of each API key, by model */
  async page({ byKey }: { readonly byKey: boolean }): Promise<MetricsPage> {
    const { source, live, isMaster, reconciles } = this.options
    const state = source.state()
    for (const { modelId } of Object.values(state.metaInstances)) this.begin(modelId)
    setGauges(this.gauges, { state, live: live(), isMaster: isMaster() })
    this.counted.reconciles.reset()
    this.counted.reconciles.inc(reconciles())
    const text = await this.register.metrics()
    const keys = byKey ? await this.keyMetrics() : ''
    return { text: keys === '' ? text : `${text}\n${keys}`, contentType: this.register.contentType }
  }

  /** Creates all series of a model at zero: `rate()` would miss the first event of a series that begins with it. */
  private begin(model: string): void {
    if (this.begun.has(model)) return
    this.begun.add(model)
    const { counted: figures } = this
    for (const outcome of OUTCOMES) figures.requests.inc({ model, outcome }, 0)
    for (const source of ['computed', 'cached']) figures.promptTokens.inc({ model, source }, 0)
    for (const tier of TIERS) figures.cachedTokens.inc({ model, tier }, 0)
    for (const result of DRAFT_RESULTS) figures.draftTokens.inc({ model, result }, 0)
    figures.completionTokens.inc({ model }, 0)
    for (const histogram of [figures.firstToken, figures.perToken, figures.requestSeconds]) histogram.zero({ model })
  }

  private keyMetrics(): Promise<string> {
    const register = new Registry()
    const registers = [register]
    const labelNames = ['key', 'model'] as const
    const requests = new Counter({ name: 'muster_key_requests_total', help: 'By API key.', labelNames, registers })
    const tokens = new Counter({
      name: 'muster_key_tokens_total',
      help: 'By API key; prompts with what was computed before.',
      labelNames: [...labelNames, 'kind'] as const,
      registers,
    })
    for (const [apiKeyId, { models }] of Object.entries(this.options.usage()))
      for (const [model, { total }] of Object.entries(models)) {
        const key = this.options.keyName(apiKeyId)
        requests.inc({ key, model }, total.requests)
        tokens.inc({ key, model, kind: 'prompt' }, total.promptTokens)
        tokens.inc({ key, model, kind: 'completion' }, total.completionTokens)
      }
    return register.metrics()
  }
}
