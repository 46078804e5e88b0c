import { SvelteMap } from 'svelte/reactivity'
import type { InstanceId } from '@core/ids'
import { mayGiveWayNow } from '@core/placement/giving-way'
import type { ModelCard } from '@core/placement/model-card'
import type { State } from '@core/state/state'
import { stillState } from '../../state/live-state.svelte'
import type { Fit } from './fit'
import type { FitFinder } from './fit-worker'
import { changesBetween, familiesOf, initialState, type FitAnswer } from './fits-protocol'

/** Throttle: machines report memory constantly. */
const AGAIN_MS = 2000

interface FitsOptions {
  readonly state: () => State
  readonly finder: (answered: (answer: FitAnswer) => void) => FitFinder
}

/**
 * Predicted placements for launches with default options. Computed for visible models only, and again only after a
 * relevant change; until then the last answer stays.
 */
export class Fits {
  private readonly found = new SvelteMap<string, Fit | undefined>()
  /** Input version of each model's answer. */
  private readonly versions: Record<string, number> = {}
  private inSight: readonly ModelCard[] = []
  private sent = familiesOf(initialState())
  private mayEnd: readonly InstanceId[] = []
  private version = 0
  private finder: FitFinder | undefined
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(private readonly options: FitsOptions) {}

  /** Undefined until computed. */
  of(modelId: string): Fit | undefined {
    return this.found.get(modelId)
  }

  /** Sets the visible models; an empty list stops computing. */
  show(cards: readonly ModelCard[]): void {
    this.inSight = cards
    if (cards.length === 0) return this.rest()
    this.ask()
  }

  close(): void {
    this.rest()
    this.finder?.close()
    this.finder = undefined
  }

  private rest(): void {
    clearTimeout(this.timer)
    this.timer = undefined
  }

  private ask(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined
      this.ask()
    }, AGAIN_MS)
    const now = familiesOf(this.options.state())
    const changes = changesBetween(this.sent, now)
    this.sent = now
    const mayEnd = mayGiveWayNow(stillState(this.options.state())).map(({ instanceId }) => instanceId)
    if (Object.keys(changes).length > 0 || mayEnd.join() !== this.mayEnd.join()) this.version += 1
    this.mayEnd = mayEnd
    const cards = this.inSight.filter(({ modelId }) => this.versions[modelId] !== this.version)
    if (cards.length === 0) return
    this.finder ??= this.options.finder((answer) => this.take(answer))
    this.finder.ask({ version: this.version, changes, mayEnd, cards })
  }

  private take({ version, modelId, fit }: FitAnswer): void {
    this.versions[modelId] = version
    const known = this.found.get(modelId)
    if (known === undefined || JSON.stringify(known) !== JSON.stringify(fit)) this.found.set(modelId, fit)
  }
}
