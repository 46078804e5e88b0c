import type { Envelope, Observation } from '@core/events/event'
import type { NodeId } from '@core/ids'
import type { CatalogueAdapter, CatalogueModel } from '@core/protocols/models'
import type { Download } from '@core/state/downloads'
import type { NodeInfo } from '@core/state/nodes'
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

/** Reports this machine's facts and models, level-triggered: again whenever the state differs. */
export class Presence {
  private info: NodeInfo | undefined
  private models: readonly OnDisk[] = []
  private readonly unsubscribe: () => void

  constructor(private readonly options: PresenceOptions) {
    this.unsubscribe = options.source.subscribe(
      ({ event }) => {
        // After this node's own goodbye, do not report it as present again.
        if (event.type === 'NodeLeaving' && event.nodeId === options.nodeId) return
        if (event.type === 'NodeTimedOut' || event.type === 'NodeLeaving' || event.type === 'MemberAdmitted')
          this.reportAll()
      },
      () => this.reportAll(),
    )
  }

  /** Reports changed facts of this machine. */
  is(info: NodeInfo): void {
    this.info = info
    this.options.observer.observe({ type: 'NodeGatheredInfo', nodeId: this.options.nodeId, info })
  }

  /** Reports changed models and adapters of this machine. */
  has(models: readonly OnDisk[]): void {
    this.models = models.filter(({ problem }) => problem === undefined)
    this.reportModels()
  }

  close(): void {
    this.unsubscribe()
  }

  private reportAll(): void {
    const { nodeId, source } = this.options
    if (this.info && !(nodeId in source.state().nodes)) this.is(this.info)
    this.reportModels()
  }

  private reportModels(): void {
    const { nodeId, source, observer } = this.options
    const known = source.state().downloads[nodeId] ?? {}
    for (const model of this.models) {
      const { modelId } = model
      const download = onDisk(model)
      if (!isKnown(known[modelId], download))
        observer.observe({ type: 'NodeDownloadProgress', nodeId, modelId, download })
    }
    const here = new Set<string>(this.models.map(({ modelId }) => modelId))
    for (const [modelId, { status }] of Object.entries(known)) {
      // Downloads in progress are reported by the fetcher.
      if (!here.has(modelId) && status === 'Complete')
        observer.observe({ type: 'NodeDownloadProgress', nodeId, modelId: modelId as CatalogueModel['modelId'] })
    }
  }
}
