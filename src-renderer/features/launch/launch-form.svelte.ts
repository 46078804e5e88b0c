import {
  CreatedMetaInstance,
  PreviewResponse,
  type CreateMetaInstanceRequest,
  type UpdateMetaInstanceRequest,
} from '@core/protocols/control'
import type { FailedPreview, Preview } from '@core/placement/preview'
import { type NodeId, type MetaInstanceId } from '@core/ids'
import { SvelteSet } from 'svelte/reactivity'
import { type z } from 'zod'
import {
  DEFAULT_PREFERENCE,
  type InstanceMeta,
  type MetaInstance,
  type PlacementPreference,
  type Sharding,
} from '@core/state/meta-instances'
import { withQuery, type Api } from '../../api/access'
import { HoursForm } from './hours-form.svelte'
import { rdmaOffer, type RdmaOffer } from './rdma'

export const isPossible = (preview: Preview | FailedPreview): preview is Preview => !('error' in preview)

/** Initial content of the form. */
export type Beginning =
  | { readonly kind: 'declare'; readonly modelId: string | undefined; readonly nodeId?: NodeId | undefined }
  | { readonly kind: 'change'; readonly metaInstance: MetaInstance }

const sameNodes = (a: readonly string[] | undefined, b: readonly string[] | undefined): boolean =>
  JSON.stringify(a) === JSON.stringify(b)

/** Form state of a launch, with the node's previews of it. */
export class LaunchForm {
  modelId: string | undefined = $state()
  name = $state('')
  sharding: Sharding = $state('Pipeline')
  instanceMeta: InstanceMeta = $state('MlxRing')
  preference: PlacementPreference = $state(DEFAULT_PREFERENCE)
  minNodes: number | undefined = $state()
  maxContext: number | undefined = $state()
  concurrency: number | undefined = $state()
  /** 8-bit KV cache. */
  smallCache = $state(false)
  /** Id of the draft model; empty for none. */
  draft = $state('')
  /** The id of the LoRA adapter; empty for none. */
  adapter = $state('')
  /** Undefined: one. */
  replicas: number | undefined = $state()
  readonly hours: HoursForm
  /** Chosen machines in rank order; undefined leaves placement to Muster. */
  nodeIds: readonly NodeId[] | undefined = $state.raw()
  /** Machines that placement is restricted to; empty: all. */
  readonly allowed = new SvelteSet<NodeId>()
  /** Undefined until the node answers. */
  previews: readonly (Preview | FailedPreview)[] | undefined = $state.raw()
  problem: unknown = $state.raw()
  busy = $state(false)
  /** Placements possible with the chosen sharding and connection. */
  readonly possible: readonly Preview[] = $derived(this.matching().filter(isPossible))
  /** Why no other group of machines is possible. */
  readonly refusal: FailedPreview | undefined = $derived(
    this.matching().find((preview): preview is FailedPreview => !isPossible(preview)),
  )
  /** The preview that a launch would realise: of the chosen machines, else Muster's preference. */
  readonly expected: Preview | undefined = $derived(this.expectation())

  /** Whether RDMA is possible, and if not, why; undefined until known. */
  readonly rdma: RdmaOffer | undefined = $derived(rdmaOffer(this.previews, this.sharding))

  constructor(
    private readonly api: Api,
    private readonly beginning: Beginning,
    /** The on-request declaration of a model: it is made permanent instead of declared again. */
    private readonly loaded: (modelId: string) => MetaInstance | undefined = () => undefined,
  ) {
    this.hours = new HoursForm(beginning.kind === 'change' ? beginning.metaInstance.hours : undefined)
    if (beginning.kind === 'declare') {
      this.modelId = beginning.modelId
      this.nodeIds = beginning.nodeId && [beginning.nodeId]
      return
    }
    const { metaInstance } = beginning
    this.modelId = metaInstance.modelId
    this.name = metaInstance.name ?? ''
    this.sharding = metaInstance.sharding
    this.instanceMeta = metaInstance.instanceMeta
    this.preference = metaInstance.placementPreference
    this.minNodes = metaInstance.minNodes > 1 ? metaInstance.minNodes : undefined
    this.maxContext = metaInstance.maxContext
    this.concurrency = metaInstance.concurrency
    this.smallCache = metaInstance.kvBits !== undefined
    this.draft = metaInstance.draftModelId ?? ''
    this.adapter = metaInstance.adapterId ?? ''
    this.replicas = metaInstance.replicas
    this.nodeIds = metaInstance.nodeIds
  }

  /** Resets options that depend on the model. */
  choose(modelId: string): void {
    this.modelId = modelId
    this.draft = ''
    this.adapter = ''
    this.previews = undefined
    this.nodeIds = undefined
    this.allowed.clear()
    void this.preview()
  }

  prefer(preference: PlacementPreference): void {
    this.preference = preference
    void this.preview()
  }

  /** Allows or excludes a machine; with none allowed, Muster chooses. */
  allow(nodeId: NodeId, may: boolean): void {
    if (may) this.allowed.add(nodeId)
    else this.allowed.delete(nodeId)
    this.nodeIds = this.allowed.size > 0 ? [...this.allowed] : undefined
    void this.preview()
  }

  pick(nodeIds: readonly NodeId[]): void {
    this.nodeIds = nodeIds
  }

  leaveToMuster(): void {
    const wasRestricted = this.allowed.size > 0
    this.nodeIds = undefined
    this.allowed.clear()
    // What is shown are the placements on the machines that were allowed.
    if (wasRestricted) void this.preview()
  }

  isPicked(nodeIds: readonly string[]): boolean {
    return sameNodes(this.nodeIds, nodeIds)
  }

  async preview(): Promise<void> {
    const path = this.question()
    if (path === undefined) return
    const outdated = () => path !== this.question()
    try {
      const { previews } = await this.api.get(path, PreviewResponse)
      if (outdated()) return
      this.previews = previews
      this.followPreview()
      this.problem = undefined
    } catch (error) {
      if (outdated()) return
      this.previews = []
      this.problem = error
    }
  }

  /** Creates or changes the declaration; undefined if the node refused, with the reason in `problem`. */
  async submit(): Promise<MetaInstanceId | undefined> {
    this.busy = true
    try {
      const id =
        this.beginning.kind === 'declare' ? await this.declare() : await this.change(this.beginning.metaInstance)
      this.problem = undefined
      return id
    } catch (error) {
      this.problem = error
      return undefined
    } finally {
      this.busy = false
    }
  }

  private async declare(): Promise<MetaInstanceId> {
    const { modelId, ...constraints } = this.request()
    const loaded = this.loaded(modelId)
    if (!loaded) return (await this.api.post('/meta_instance', this.request(), CreatedMetaInstance)).metaInstanceId
    const json = { ...constraints, keep: true }
    await this.api.fetch(`/meta_instance/${loaded.metaInstanceId}`, { method: 'PATCH', json })
    return loaded.metaInstanceId
  }

  private matching(): readonly (Preview | FailedPreview)[] {
    return (this.previews ?? []).filter(
      ({ sharding, instanceMeta }) => sharding === this.sharding && instanceMeta === this.instanceMeta,
    )
  }

  private expectation(): Preview | undefined {
    if (this.nodeIds) return this.possible.find(({ nodeIds }) => this.isPicked(nodeIds))
    return this.possible.find(({ preferred }) => preferred)
  }

  /** Query of the preview request; undefined if there is nothing to ask. */
  private question(): string | undefined {
    const { modelId, maxContext, concurrency, smallCache, draft, adapter, minNodes, preference, allowed } = this
    if (modelId === undefined) return undefined
    const replacing = this.beginning.kind === 'change' ? this.beginning.metaInstance : this.loaded(modelId)
    return withQuery('/instance/previews', {
      modelId,
      ...(maxContext && { maxContext: String(maxContext) }),
      ...(concurrency && { concurrency: String(concurrency) }),
      ...(smallCache && { kvBits: '8' }),
      ...(draft && { draftModelId: draft }),
      ...(adapter && { adapterId: adapter }),
      ...(minNodes && { minNodes: String(minNodes) }),
      ...(preference !== DEFAULT_PREFERENCE && { placementPreference: preference }),
      ...(allowed.size > 0 && { nodeIds: [...allowed].join() }),
      ...(replacing && { replacing: replacing.metaInstanceId }),
    })
  }

  /** Keeps the chosen machines in the order shown by the preview. */
  private followPreview(): void {
    const [shown] = this.possible
    if (this.allowed.size > 0 && shown) this.nodeIds = shown.nodeIds
  }

  /** Contains only what was chosen; the rest stays the node's default, also in later versions. */
  private request(): z.input<typeof CreateMetaInstanceRequest> {
    const { name, sharding, instanceMeta, minNodes, maxContext, nodeIds, preference, hours } = this
    const { concurrency, smallCache, draft, adapter, replicas } = this
    return {
      modelId: this.modelId ?? '',
      ...(name.trim() && { name: name.trim() }),
      sharding,
      ...(instanceMeta !== 'MlxRing' && { instanceMeta }),
      ...(preference !== DEFAULT_PREFERENCE && { placementPreference: preference }),
      ...(minNodes && { minNodes }),
      ...(maxContext && { maxContext }),
      ...(concurrency && { concurrency }),
      ...(smallCache && { kvBits: 8 as const }),
      ...(draft && { draftModelId: draft }),
      ...(adapter && { adapterId: adapter }),
      ...(nodeIds && { nodeIds: [...nodeIds] }),
      ...(replicas && replicas > 1 && { replicas }),
      ...(hours.value && { hours: hours.value }),
    }
  }

  /** Sends only differences, because any field sent may cause a reload. */
  private async change(known: MetaInstance): Promise<MetaInstanceId> {
    const name = this.name.trim()
    const { modelId, sharding, instanceMeta, preference, minNodes, maxContext, concurrency, nodeIds, hours } = this
    const kvBits = this.smallCache ? 8 : undefined
    const replicas = this.replicas ?? 1
    const changes: z.input<typeof UpdateMetaInstanceRequest> = {
      ...(name !== (known.name ?? '') && { name: name === '' ? null : name }),
      ...(modelId !== known.modelId && { modelId: modelId ?? '' }),
      ...(sharding !== known.sharding && { sharding }),
      ...(instanceMeta !== known.instanceMeta && { instanceMeta }),
      ...(preference !== known.placementPreference && { placementPreference: preference }),
      ...((minNodes ?? 1) !== known.minNodes && { minNodes: minNodes ?? null }),
      ...(maxContext !== known.maxContext && { maxContext: maxContext ?? null }),
      ...(concurrency !== known.concurrency && { concurrency: concurrency ?? null }),
      ...(kvBits !== known.kvBits && { kvBits: kvBits ?? null }),
      ...(this.draft !== (known.draftModelId ?? '') && { draftModelId: this.draft || null }),
      ...(this.adapter !== (known.adapterId ?? '') && { adapterId: this.adapter || null }),
      ...(!sameNodes(nodeIds, known.nodeIds) && { nodeIds: nodeIds ? [...nodeIds] : null }),
      ...(replicas !== (known.replicas ?? 1) && { replicas }),
      ...(hours.isChanged && { hours: hours.value ?? null }),
    }
    if (Object.keys(changes).length > 0)
      await this.api.fetch(`/meta_instance/${known.metaInstanceId}`, { method: 'PATCH', json: changes })
    return known.metaInstanceId
  }
}
