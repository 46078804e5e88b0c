import type { Attachment } from 'svelte/attachments'
import { SvelteMap } from 'svelte/reactivity'

export interface RowsOptions<Item> {
  readonly items: readonly Item[]
  readonly key: (item: Item) => string
  /** Pixels of a row that has not been measured yet. */
  readonly height: number
  /** Pixels between two rows. */
  readonly gap?: number
}

/** A row that is in sight or near it. */
export interface VisibleRow<Item> {
  readonly item: Item
  readonly key: string
  readonly index: number
}

interface Window<Item> {
  readonly rows: readonly VisibleRow<Item>[]
  readonly before: number
  readonly after: number
}

/** Pixels above and below the window in which rows exist already, so that neither scrolling nor the Tab key finds an end. */
const MARGIN = 240
/** What is taken for the height of the window until it is measured. */
const FIRST_HEIGHT = 800

const scrollerOf = (element: Element): HTMLElement => {
  for (let parent = element.parentElement; parent; parent = parent.parentElement)
    if (/auto|scroll/.test(getComputedStyle(parent).overflowY)) return parent
  return document.documentElement
}

/**
 * Of a long list the rows that are in sight: only these exist in the page, with as much room before and after them as
 * the others would take. They may be of any height. The list lies in whatever scrolls around it.
 */
export class VirtualRows<Item> {
  private readonly heights = new SvelteMap<string, number>()
  /** Where the window begins and ends, in pixels from the beginning of the list. */
  private from = $state(0)
  private to = $state(FIRST_HEIGHT)
  private readonly window: Window<Item> = $derived.by(() => this.look())
  readonly rows: readonly VisibleRow<Item>[] = $derived(this.window.rows)
  /** Room for the rows before and after those, in pixels. */
  readonly before: number = $derived(this.window.before)
  readonly after: number = $derived(this.window.after)

  constructor(private readonly options: () => RowsOptions<Item>) {}

  /** On the element whose children the rows are. */
  readonly container: Attachment<HTMLElement> = (element) => {
    const scroller = scrollerOf(element)
    const follow = (): void => {
      this.from = scroller.getBoundingClientRect().top - element.getBoundingClientRect().top
      this.to = this.from + (scroller.clientHeight || FIRST_HEIGHT)
    }
    const observer = new ResizeObserver(follow)
    observer.observe(scroller)
    scroller.addEventListener('scroll', follow, { passive: true })
    return () => {
      observer.disconnect()
      scroller.removeEventListener('scroll', follow)
    }
  }

  /** On each row: how high it is. */
  row(key: string): Attachment<HTMLElement> {
    return (element) => {
      const observer = new ResizeObserver(() => {
        const height = element.offsetHeight
        if (height > 0 && this.heights.get(key) !== height) this.heights.set(key, height)
      })
      observer.observe(element)
      return () => observer.disconnect()
    }
  }

  private look(): Window<Item> {
    const { items, key: keyOf, height, gap = 0 } = this.options()
    const rows: VisibleRow<Item>[] = []
    let before = 0
    let at = 0
    let end = 0
    for (const [index, item] of items.entries()) {
      const key = keyOf(item)
      const next = at + (this.heights.get(key) ?? height)
      if (next < this.from - MARGIN) before = next + gap
      else if (at <= this.to + MARGIN) {
        rows.push({ item, key, index })
        end = next
      }
      at = next + gap
    }
    return { rows, before, after: rows.length === 0 ? 0 : Math.max(0, at - gap - end) }
  }
}
