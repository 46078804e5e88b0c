import type { Timers } from '@core/time/timers'

/** Collects items and passes all of one event-loop turn to `take` in the next. */
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
