import type { Envelope, Observation } from '@core/events/event'
import type { NodeId } from '@core/ids'
import type { CatalogueAdapter, CatalogueModel } from '@core/protocols/models'
import type { Download } from '@core/state/downloads'
import type { NodeInfo } from '@core/state/nodes'
import { canonical } from '@core/state/canonical'
import type { State } from '@core/state/state'

export interface PresenceOptions {
  readonly nodeId: NodeId
  readonly source: { state(): State; subscribe(event: (envelope: Envelope) => void, reset?: () => void): () => void }
  readonly observer: { observe(event: Observation): void }
}

/** A complete model or adapter on this machine's disk. */
type OnDisk = CatalogueModel | CatalogueAdapter

const bytesOf = (one: OnDisk): number => ('card' in one ? one.card.storageBytes : one.storageBytes)

const onDisk = (one: OnDisk): Download => ({
  status: 'Complete',
  downloadedBytes: bytesOf(one),
  totalBytes: bytesOf(one),
  ...(one.fingerprint !== undefined && { fingerprint: one.fingerprint }),
})

const isKnown = (reported: Download | undefined, { totalBytes, fingerprint }: Download): boolean =>
  reported?.status === 'Complete' && reported.totalBytes === totalBytes && reported.fingerprint === fingerprint

/** How often to look whether the state has what was reported: a report can be lost with the link that carried it. */
const LOOK_EVERY_MS = 5000
/** Looks in a row that find something missing before it is reported again; doubled each time. */
const LOOKS_FIRST = 2
/** The state of a leader of another version may never have it. */
const MOST_LOOKS = 64

/** Reports this machine's facts and models, level-triggered: again whenever the state differs. */
export class Presence {
  private info: NodeInfo | undefined
  private models: readonly OnDisk[] = []
  private readonly unsubscribe: () => void
  private readonly timer: NodeJS.Timeout
  /** It has said goodbye, and must not be reported as present again. */
  private hasLeft = false
  /** Looks since the last report that found something missing, and how many of them cause the next report. */
  private missed = 0
  private patience = LOOKS_FIRST

  constructor(private readonly options: PresenceOptions) {
    this.unsubscribe = options.source.subscribe(
      ({ event }) => {
        if (event.type === 'NodeLeaving' && event.nodeId === options.nodeId) this.hasLeft = true
        else if (event.type === 'NodeTimedOut' || event.type === 'NodeLeaving' || event.type === 'MemberAdmitted')
          this.reportAll()
      },
      () => {
        this.hasLeft = false
        this.reportAll()
      },
    )
    this.timer = setInterval(() => this.look(), LOOK_EVERY_MS)
    this.timer.unref()
  }

  /** Reports changed facts of this machine. */
  is(info: NodeInfo): void {
    this.info = info
    this.options.observer.observe({ type: 'NodeGatheredInfo', nodeId: this.options.nodeId, info })
  }

  /** Reports changed models and adapters of this machine. */
  has(models: readonly OnDisk[]): void {
    this.models = models.filter(({ problem }) => problem === undefined)
    this.report(this.missingModels())
  }

  close(): void {
    clearInterval(this.timer)
    this.unsubscribe()
  }

  /** Reports what the state still lacks after some time. */
  private look(): void {
    const missing = this.hasLeft ? [] : this.missing()
    if (missing.length === 0) {
      this.missed = 0
      this.patience = LOOKS_FIRST
      return
    }
    this.missed += 1
    if (this.missed < this.patience) return
    this.missed = 0
    this.patience = Math.min(MOST_LOOKS, 2 * this.patience)
    this.report(missing)
  }

  private reportAll(): void {
    this.report(this.missing())
  }

  private report(missing: readonly Observation[]): void {
    for (const event of missing) this.options.observer.observe(event)
  }

  /** What the state lacks of this machine. */
  private missing(): Observation[] {
    const { nodeId, source } = this.options
    const { info } = this
    const isMissing = info && canonical(source.state().nodes[nodeId]) !== canonical({ ...info, nodeId })
    return [...(isMissing ? [{ type: 'NodeGatheredInfo', nodeId, info } as const] : []), ...this.missingModels()]
  }

  private missingModels(): Observation[] {
    const { nodeId, source } = this.options
    const known = source.state().downloads[nodeId] ?? {}
    const here = new Set<string>(this.models.map(({ modelId }) => modelId))
    const found = this.models.flatMap((model): Observation[] => {
      const { modelId } = model
      const download = onDisk(model)
      return isKnown(known[modelId], download) ? [] : [{ type: 'NodeDownloadProgress', nodeId, modelId, download }]
    })
    // Downloads in progress are reported by the fetcher.
    const gone = Object.entries(known).flatMap(([modelId, { status }]): Observation[] =>
      !here.has(modelId) && status === 'Complete'
        ? [{ type: 'NodeDownloadProgress', nodeId, modelId: modelId as CatalogueModel['modelId'] }]
        : [],
    )
    return [...found, ...gone]
  }
}
