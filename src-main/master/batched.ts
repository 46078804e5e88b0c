import type { Timers } from '@core/time/timers'

/** Calls once, in the next turn, with everything given in this one. */
export const batched = <Item>(
  timers: Pick<Timers, 'soon'>,
  take: (items: readonly Item[]) => void,
): ((item: Item) => void) => {
  let items: Item[] = []
  return (item) => {
    items.push(item)
    if (items.length > 1) return
    timers.soon(() => {
      const all = items
      items = []
      take(all)
    })
  }
}
