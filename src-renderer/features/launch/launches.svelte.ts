import { SvelteSet } from 'svelte/reactivity'
import type { MetaInstanceId, NodeId } from '@core/ids'
import { nodeName } from '@core/state/bindings'
import { PlacementSpace } from '@core/placement/space'
import type { State } from '@core/state/state'
import { stillState } from '../../state/live-state.svelte'
import type { Api } from '../../api/access'
import type { Fit } from '../fits/fit'
import { declare, type Declared } from './declare'
import { fitAnywhere, fitOnMachines, targetsOf, type PlaceableModel, type Target } from './targets'
import { t } from '../../state/texts.svelte'

/** How long a launch is shown, and can be undone. */
export const UNDO_MS = 10_000

/** A launch; that of a new declaration can be undone. */
export interface Launched {
  readonly declared: Declared
  /** `Launched Qwen3 8B on Mac Studio`. */
  readonly text: string
}

interface LaunchesOptions {
  readonly api: Pick<Api, 'post' | 'fetch'>
  readonly state: () => State
  /** Reports a failed action. */
  readonly failed: (what: string, error: unknown) => void
}

/** Launching by drag and drop: the dragged model, the selected machines, and the last launch. */
export class Launches {
  dragged: PlaceableModel | undefined = $state.raw()
  /**
   * The state when the drag began: its predictions are computed once, not for each event. The node checks the launch
   * anyway.
   */
  private readonly space: PlacementSpace | undefined = $derived.by(
    () => this.dragged && new PlacementSpace(stillState(this.options.state())),
  )
  /** Prediction for a drop that leaves the placement to Muster; undefined while nothing is dragged. */
  readonly anywhere: Fit | undefined = $derived(this.space && this.dragged && fitAnywhere(this.space, this.dragged))
  /** Machines selected on the map: a model dropped on one is sharded over all. */
  readonly chosen = new SvelteSet<NodeId>()
  last: Launched | undefined = $state.raw()
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(private readonly options: LaunchesOptions) {}

  drag(model: PlaceableModel): void {
    this.dragged = model
  }

  drop(): void {
    this.dragged = undefined
  }

  /** Adds or removes a machine from the selection. */
  toggle(nodeId: NodeId): void {
    if (!this.chosen.delete(nodeId)) this.chosen.add(nodeId)
  }

  /** The machines that a drop on this one targets. */
  group(nodeId: NodeId): readonly NodeId[] {
    return this.chosen.has(nodeId) ? this.living() : [nodeId]
  }

  /** Prediction for a drop there; undefined while nothing is dragged. */
  fitAt(nodeId: NodeId): Fit | undefined {
    return this.space && this.dragged && fitOnMachines(this.space, this.dragged, this.group(nodeId))
  }

  /**
   * Launches the model on these machines, or where Muster chooses. Resolves with undefined if it was refused, after
   * reporting the error.
   */
  async launch(model: PlaceableModel, nodeIds?: readonly NodeId[]): Promise<MetaInstanceId | undefined> {
    const { api, state, failed } = this.options
    // In a cluster of one, do not pin the machine: that would keep the model from moving later.
    const alone = Object.keys(state().members).length <= 1
    try {
      const where = alone ? undefined : nodeIds
      const declared = await declare(api, state(), { modelId: model.modelId, nodeIds: where })
      this.chosen.clear()
      this.tell({ declared, text: this.launchedText(model.title, where) })
      return declared.metaInstanceId
    } catch (error) {
      failed(t('launch.launchModelFailed', { name: model.title }), error)
      return undefined
    }
  }

  /** Undoes the last launch. */
  async undo(): Promise<void> {
    const { last } = this
    if (!last?.declared.isNew) return
    this.dismiss()
    try {
      await this.options.api.fetch(`/meta_instance/${last.declared.metaInstanceId}`, { method: 'DELETE' })
    } catch (error) {
      this.options.failed(t('launch.undoFailed'), error)
    }
  }

  dismiss(): void {
    clearTimeout(this.timer)
    this.last = undefined
  }

  /** All machines as targets of the drag, fitting ones first. */
  targets(): readonly Target[] {
    return this.space && this.dragged ? targetsOf(this.space, this.dragged) : []
  }

  /** Pauses the undo timeout while the pointer or focus is on the notice. */
  hold(): void {
    clearTimeout(this.timer)
  }

  goOn(): void {
    clearTimeout(this.timer)
    if (this.last) this.timer = setTimeout(() => this.dismiss(), UNDO_MS)
  }

  private tell(launched: Launched): void {
    this.last = launched
    this.goOn()
  }

  /** Drops machines that left the cluster. */
  private living(): readonly NodeId[] {
    const { members } = this.options.state()
    return [...this.chosen].filter((nodeId) => nodeId in members)
  }

  private launchedText(name: string, nodeIds: readonly NodeId[] | undefined): string {
    const [first, ...others] = nodeIds ?? []
    if (first === undefined) return t('launch.launched', { name })
    return others.length === 0
      ? t('launch.launchedOn', { name, machine: nodeName(this.options.state(), first) })
      : t('launch.launchedOnSeveral', { name, count: others.length + 1 })
  }
}
