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

/** What lies whole on this machine's disk. */
type OnDisk = CatalogueModel | CatalogueAdapter

const bytesOf = (one: OnDisk): number => ('card' in one ? one.card.storageBytes : one.storageBytes)

const onDisk = (one: OnDisk): Download => ({
  status: 'Complete',
  downloadedBytes: bytesOf(one),
  totalBytes: bytesOf(one),
  ...(one.fingerprint !== undefined && { fingerprint: one.fingerprint }),
})

const isKnown = (told: Download | undefined, { totalBytes, fingerprint }: Download): boolean =>
  told?.status === 'Complete' && told.totalBytes === totalBytes && told.fingerprint === fingerprint

/** Says by level what this node is and which models it has: again whenever the state knows otherwise. */
export class Presence {
  private info: NodeInfo | undefined
  private models: readonly OnDisk[] = []
  private readonly unsubscribe: () => void

  constructor(private readonly options: PresenceOptions) {
    this.unsubscribe = options.source.subscribe(
      ({ event }) => {
        // Whoever has just said that it goes does not take it back.
        if (event.type === 'NodeLeaving' && event.nodeId === options.nodeId) return
        if (event.type === 'NodeTimedOut' || event.type === 'NodeLeaving' || event.type === 'MemberAdmitted')
          this.sayAll()
      },
      () => this.sayAll(),
    )
  }

  /** This machine's facts have changed. */
  is(info: NodeInfo): void {
    this.info = info
    this.options.observer.observe({ type: 'NodeGatheredInfo', nodeId: this.options.nodeId, info })
  }

  /** The models and adapters on this machine have changed. */
  has(models: readonly OnDisk[]): void {
    this.models = models.filter(({ problem }) => problem === undefined)
    this.sayModels()
  }

  close(): void {
    this.unsubscribe()
  }

  private sayAll(): void {
    const { nodeId, source } = this.options
    if (this.info && !(nodeId in source.state().nodes)) this.is(this.info)
    this.sayModels()
  }

  private sayModels(): void {
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
      // What is still coming is told by whoever brings it.
      if (!here.has(modelId) && status === 'Complete')
        observer.observe({ type: 'NodeDownloadProgress', nodeId, modelId: modelId as CatalogueModel['modelId'] })
    }
  }
}
