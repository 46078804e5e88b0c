import type { Attachment } from 'svelte/attachments'

/** Distance from the end at which the user still counts as reading there. */
const NEAR_PIXELS = 48

/** Scrolls to the end while text grows, unless the user has scrolled away. */
export const followsEnd: Attachment<HTMLElement> = (element) => {
  let following = true
  const onScroll = (): void => {
    following = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_PIXELS
  }
  const toEnd = (): void => {
    if (following) element.scrollTop = element.scrollHeight
  }
  const observer = new MutationObserver(toEnd)
  observer.observe(element, { childList: true, subtree: true, characterData: true })
  element.addEventListener('scroll', onScroll)
  toEnd()
  return () => {
    observer.disconnect()
    element.removeEventListener('scroll', onScroll)
  }
}
