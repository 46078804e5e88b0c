import type { Attachment } from 'svelte/attachments'

/** Distance from the end at which the user still counts as reading there. */
const NEAR_PIXELS = 48

const elementsIn = (nodes: NodeList): readonly Element[] => [...nodes].filter((node) => node instanceof Element)

/**
 * Keeps an element at its end while its children grow or its own room changes, unless the user scrolls away. It follows
 * sizes, not changes of the content: those are reported once per frame, after the layout. To measure after each of the
 * hundreds of changes that make up a long conversation would take seconds.
 */
export class EndFollower {
  private element: HTMLElement | undefined
  private following = true
  private top = 0

  readonly attach: Attachment<HTMLElement> = (element) => {
    this.element = element
    const sizes = new ResizeObserver(this.stay)
    for (const one of [element, ...element.children]) sizes.observe(one)
    const children = new MutationObserver((changes) => {
      for (const { addedNodes, removedNodes } of changes) {
        for (const gone of elementsIn(removedNodes)) sizes.unobserve(gone)
        for (const added of elementsIn(addedNodes)) sizes.observe(added)
      }
    })
    children.observe(element, { childList: true })
    element.addEventListener('scroll', this.scrolled)
    this.stay()
    return () => {
      sizes.disconnect()
      children.disconnect()
      element.removeEventListener('scroll', this.scrolled)
      this.element = undefined
    }
  }

  /** Goes to the end, from wherever the user has scrolled to, and stays there. */
  toEnd(): void {
    this.following = true
    this.stay()
  }

  private readonly stay = (): void => {
    const { element } = this
    if (!element || !this.following) return
    element.scrollTop = element.scrollHeight
    this.top = element.scrollTop
  }

  private readonly scrolled = (): void => {
    const { element } = this
    if (!element) return
    const { scrollTop, scrollHeight, clientHeight } = element
    // What has grown since the last frame moves nothing upwards: only the user does.
    if (scrollHeight - scrollTop - clientHeight < NEAR_PIXELS) this.following = true
    else if (scrollTop < this.top) this.following = false
    this.top = scrollTop
  }
}

/** Keeps an element at its end, see `EndFollower`. */
export const followsEnd: Attachment<HTMLElement> = (element) => new EndFollower().attach(element)
