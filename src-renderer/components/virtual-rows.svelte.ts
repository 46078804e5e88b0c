import type { Attachment } from 'svelte/attachments'
import { SvelteMap } from 'svelte/reactivity'

export interface RowsOptions<Item> {
  readonly items: readonly Item[]
  readonly key: (item: Item) => string
  /** Estimated pixels of an unmeasured row. */
  readonly height: number
  /** Pixels between rows. */
  readonly gap?: number
}

/** A row in or near the viewport. */
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

/** Overscan in pixels, so that scrolling and the Tab key always find a next row. */
const MARGIN = 240
/** Assumed viewport height before the first measurement. */
const FIRST_HEIGHT = 800

const scrollerOf = (element: Element): HTMLElement => {
  for (let parent = element.parentElement; parent; parent = parent.parentElement)
    if (/auto|scroll/.test(getComputedStyle(parent).overflowY)) return parent
  return document.documentElement
}

/**
 * Virtualises a long list: only rows in or near the viewport are rendered, with spacers before and after. Rows may have
 * any height. Works in any scrolling ancestor.
 */
export class VirtualRows<Item> {
  private readonly heights = new SvelteMap<string, number>()
  /** The viewport's edges in pixels from the start of the list. */
  private from = $state(0)
  private to = $state(FIRST_HEIGHT)
  private readonly window: Window<Item> = $derived.by(() => this.visible())
  readonly rows: readonly VisibleRow<Item>[] = $derived(this.window.rows)
  /** Spacer heights in pixels. */
  readonly before: number = $derived(this.window.before)
  readonly after: number = $derived(this.window.after)

  constructor(private readonly options: () => RowsOptions<Item>) {}

  /** Attach to the element that contains the rows. */
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

  /** Attach to each row, to measure its height. */
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

  private visible(): Window<Item> {
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
