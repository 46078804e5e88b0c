import type { Envelope } from '@core/events/event'
import type { ModelId, NodeId } from '@core/ids'
import { nodeName } from '@core/state/bindings'
import type { State } from '@core/state/state'
import { allOf, coded, type CodedText } from '@core/texts/coded'
import { inEnglish } from '@core/texts/english'

export interface LastHoldersOptions {
  readonly source: { state(): State; subscribe(event: (envelope: Envelope) => void, reset?: () => void): () => void }
}

/**
 * Remembers which models machines had when last seen, because the state drops this with the machine. In memory: covers
 * machines seen since this node started.
 */
export class LastHolders {
  private readonly models = new Map<ModelId, Set<NodeId>>()
  private readonly unsubscribe: () => void

  constructor(private readonly options: LastHoldersOptions) {
    const { source } = options
    this.readAll()
    this.unsubscribe = source.subscribe(
      ({ event }) => {
        if (event.type !== 'NodeDownloadProgress') return
        this.set(event.modelId, event.nodeId, event.download?.status === 'Complete')
      },
      () => this.readAll(),
    )
  }

  close(): void {
    this.unsubscribe()
  }

  /** Members that had a model when last seen. */
  of(modelId: ModelId): readonly NodeId[] {
    const { members } = this.options.source.state()
    return [...(this.models.get(modelId) ?? [])].filter((nodeId) => nodeId in members)
  }

  /** `Mac Studio, which has this model, is away`; undefined if no such machine is known. */
  away(modelId: ModelId): CodedText | undefined {
    const state = this.options.source.state()
    const names = this.of(modelId)
      .filter((nodeId) => !(nodeId in state.nodes))
      .map((nodeId) => nodeName(state, nodeId))
    const [only, ...others] = names
    if (only === undefined) return undefined
    return others.length === 0
      ? coded('downloads.away', { name: only })
      : coded('downloads.severalAway', { names: allOf(names) })
  }

  /** The same as English text, for API answers and logs. */
  awayInEnglish(modelId: ModelId): string | undefined {
    const away = this.away(modelId)
    return away && inEnglish(away)
  }

  private readAll(): void {
    for (const [nodeId, models] of Object.entries(this.options.source.state().downloads))
      for (const [modelId, { status }] of Object.entries(models))
        if (status === 'Complete') this.set(modelId as ModelId, nodeId as NodeId, true)
  }

  private set(modelId: ModelId, nodeId: NodeId, has: boolean): void {
    const holders = this.models.get(modelId) ?? new Set()
    this.models.set(modelId, holders)
    if (has) holders.add(nodeId)
    else holders.delete(nodeId)
  }
}
