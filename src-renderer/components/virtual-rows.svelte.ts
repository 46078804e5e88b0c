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
  private readonly keys = new WeakMap<Element, string>()
  /** Shared by all rows: one observer per row would cost more than drawing the rows. */
  private readonly measurer = new ResizeObserver((rows) => this.measure(rows))
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
    let scroller: HTMLElement | undefined
    const follow = (): void => {
      if (!scroller) return
      this.from = scroller.getBoundingClientRect().top - element.getBoundingClientRect().top
      this.to = this.from + (scroller.clientHeight || FIRST_HEIGHT)
    }
    // Called after a layout: looking for the scroller while the page is built would force one.
    const observer = new ResizeObserver(() => {
      if (!scroller) {
        scroller = scrollerOf(element)
        scroller.addEventListener('scroll', follow, { passive: true })
        observer.observe(scroller)
        observer.unobserve(element)
      }
      follow()
    })
    observer.observe(element)
    return () => {
      observer.disconnect()
      scroller?.removeEventListener('scroll', follow)
    }
  }

  /** Attach to each row, to measure its height. */
  row(key: string): Attachment<HTMLElement> {
    return (element) => {
      this.keys.set(element, key)
      this.measurer.observe(element)
      return () => this.measurer.unobserve(element)
    }
  }

  private measure(rows: readonly ResizeObserverEntry[]): void {
    for (const { target } of rows) {
      const key = this.keys.get(target)
      const height = target instanceof HTMLElement ? target.offsetHeight : 0
      if (key !== undefined && height > 0 && this.heights.get(key) !== height) this.heights.set(key, height)
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
