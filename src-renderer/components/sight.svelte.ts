import { untrack } from 'svelte'
import type { Attachment } from 'svelte/attachments'
import { SvelteSet } from 'svelte/reactivity'

/** Pixels around the visible part of a scrolling area, so that scrolling and the Tab key find drawn entries. */
const MARGIN = '240px'

/**
 * Tracks which entries of a list have come into view. Until then an entry is only an outline; from then on it keeps its
 * content. Unlike in a virtual list every entry exists, so that links and the browser's search find it.
 */
export class Sight {
  private readonly seen = new SvelteSet<string>()
  private readonly keys = new WeakMap<Element, string>()
  private observer: IntersectionObserver | undefined
  private attached = 0

  /** Whether the entry has been in view. */
  has(key: string): boolean {
    return this.seen.has(key)
  }

  /** Attach to the entry's element. */
  entry(key: string): Attachment<HTMLElement> {
    return (element) => {
      if (untrack(() => this.seen.has(key))) return undefined
      const observer = (this.observer ??= this.observe())
      this.keys.set(element, key)
      this.attached += 1
      observer.observe(element)
      return () => {
        observer.unobserve(element)
        this.attached -= 1
        if (this.attached > 0) return
        observer.disconnect()
        this.observer = undefined
      }
    }
  }

  private observe(): IntersectionObserver {
    const observer: IntersectionObserver = new IntersectionObserver(
      (entries) => {
        for (const { target, isIntersecting } of entries) {
          const key = this.keys.get(target)
          if (!isIntersecting || key === undefined) continue
          observer.unobserve(target)
          this.seen.add(key)
        }
      },
      // `rootMargin` applies to the window, `scrollMargin` (Chrome 120) to areas that scroll inside it.
      { rootMargin: MARGIN, scrollMargin: MARGIN },
    )
    return observer
  }
}
