import { untrack } from 'svelte'
import { emptyState, State } from '@core/state/state'

const FAMILIES = State.keyof().options

/** The current state, untracked, for computations that later events must not repeat. */
export const stillState = (state: State): State => untrack(() => ({ ...state }))

/** The reactive value of one family. */
class Family {
  current: unknown = $state.raw()
}

/**
 * The state as the app reads it: one stable object whose families are tracked separately. A reader of machines is not
 * re-rendered for a task, because folding keeps untouched families identical.
 */
export class LiveState {
  readonly state: State
  private readonly families = FAMILIES.map((key) => ({ key, family: new Family() }))

  constructor() {
    const readers = this.families.map(({ key, family }) => [key, { enumerable: true, get: () => family.current }])
    // The getters return what `show` received: a State, family by family.
    this.state = Object.defineProperties({}, Object.fromEntries(readers) as PropertyDescriptorMap) as State
    this.show(emptyState())
  }

  /** Shows another state; only families with a new identity count as changed. */
  show(next: State): void {
    for (const { key, family } of this.families) family.current = next[key]
  }
}
