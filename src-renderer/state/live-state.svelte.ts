import { emptyState, State } from '@core/state/state'

const FAMILIES = State.keyof().options

/** One family as it is now. */
class Family {
  current: unknown = $state.raw()
}

/**
 * The state as the app reads it: one object that stays the same, of which every family is followed by itself. Whoever
 * reads the machines is not drawn anew for a task, for a fold gives back untouched families as they were.
 */
export class LiveState {
  readonly state: State
  private readonly families = FAMILIES.map((key) => ({ key, family: new Family() }))

  constructor() {
    const readers = this.families.map(({ key, family }) => [key, { enumerable: true, get: () => family.current }])
    // What the getters give is what `show` got: a State, family by family.
    this.state = Object.defineProperties({}, Object.fromEntries(readers) as PropertyDescriptorMap) as State
    this.show(emptyState())
  }

  /** Shows another state; only families that are another object count as changed. */
  show(next: State): void {
    for (const { key, family } of this.families) family.current = next[key]
  }
}
