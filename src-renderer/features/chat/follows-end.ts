import type { Attachment } from 'svelte/attachments'

/** So near to the end that somebody reads there. */
const NEAR_PIXELS = 48

/** Keeps the end in sight while text grows there, unless somebody has scrolled away to read. */
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
