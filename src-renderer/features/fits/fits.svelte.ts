import { SvelteMap } from 'svelte/reactivity'
import type { ModelCard } from '@core/placement/model-card'
import type { State } from '@core/state/state'
import type { Fit } from './fit'
import type { FitFinder } from './fit-worker'
import { changesBetween, familiesOf, nothingKnown, type FitAnswer } from './fits-protocol'

/** Machines report their memory all the time; what fits where is looked at anew this long after a change. */
const AGAIN_MS = 2000

interface FitsOptions {
  readonly state: () => State
  readonly finder: (answered: (answer: FitAnswer) => void) => FitFinder
}

/**
 * Where models would go that are launched without a further word. Only those in sight are asked about, and again only
 * when something has changed that a placement depends on; until then the last answer stands.
 */
export class Fits {
  private readonly found = new SvelteMap<string, Fit | undefined>()
  /** Which version of the inputs a model's fit was found with. */
  private readonly versions: Record<string, number> = {}
  private inSight: readonly ModelCard[] = []
  private told = familiesOf(nothingKnown())
  private version = 0
  private finder: FitFinder | undefined
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(private readonly options: FitsOptions) {}

  /** Undefined as long as nobody knows. */
  of(modelId: string): Fit | undefined {
    return this.found.get(modelId)
  }

  /** These are in sight now; none ends the asking. */
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
    const changes = changesBetween(this.told, now)
    this.told = now
    if (Object.keys(changes).length > 0) this.version += 1
    const cards = this.inSight.filter(({ modelId }) => this.versions[modelId] !== this.version)
    if (cards.length === 0) return
    this.finder ??= this.options.finder((answer) => this.take(answer))
    this.finder.ask({ version: this.version, changes, cards })
  }

  private take({ version, modelId, fit }: FitAnswer): void {
    this.versions[modelId] = version
    const known = this.found.get(modelId)
    if (known === undefined || JSON.stringify(known) !== JSON.stringify(fit)) this.found.set(modelId, fit)
  }
}
