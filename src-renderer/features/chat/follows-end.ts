import type { Attachment } from 'svelte/attachments'

/** Distance from the end at which the user still counts as reading there. */
const NEAR_PIXELS = 48

/** Keeps an element at its end while text grows, a picture arrives or the room changes, unless the user scrolls away. */
export class EndFollower {
  private element: HTMLElement | undefined
  private following = true

  readonly attach: Attachment<HTMLElement> = (element) => {
    this.element = element
    const mutations = new MutationObserver(this.stay)
    mutations.observe(element, { childList: true, subtree: true, characterData: true })
    const sizes = new ResizeObserver(this.stay)
    sizes.observe(element)
    element.addEventListener('scroll', this.scrolled)
    // Pictures have no size before they are loaded; the event does not bubble.
    element.addEventListener('load', this.stay, true)
    this.stay()
    return () => {
      mutations.disconnect()
      sizes.disconnect()
      element.removeEventListener('scroll', this.scrolled)
      element.removeEventListener('load', this.stay, true)
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
    if (element && this.following) element.scrollTop = element.scrollHeight
  }

  private readonly scrolled = (): void => {
    const { element } = this
    if (element) this.following = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_PIXELS
  }
}

/** Keeps an element at its end, see `EndFollower`. */
export const followsEnd: Attachment<HTMLElement> = (element) => new EndFollower().attach(element)
