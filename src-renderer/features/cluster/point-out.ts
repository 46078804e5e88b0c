import type { Attachment } from 'svelte/attachments'

const TARGETS: Readonly<Record<string, string>> = {
  machine: 'data-node-id',
  model: 'data-meta-instance-id',
  instance: 'data-instance-id',
}

/** The target of a link into this page: `?machine=…`, `?model=…`, `?instance=…`. */
const targetIn = (page: HTMLElement, query: Readonly<Record<string, string>>): HTMLElement | undefined => {
  for (const [name, attribute] of Object.entries(TARGETS)) {
    const id = query[name]
    // Ids come from the URL: compare them rather than put them into a selector.
    if (id !== undefined)
      return [...page.querySelectorAll<HTMLElement>(`[${attribute}]`)].find((one) => one.getAttribute(attribute) === id)
  }
  return undefined
}

const pointOut = (target: HTMLElement): (() => void) => {
  target.tabIndex = -1
  target.scrollIntoView({ block: 'center' })
  target.focus({ preventScroll: true })
  target.dataset['pointedOut'] = ''
  const clear = (): void => void delete target.dataset['pointedOut']
  target.addEventListener('blur', clear, { once: true })
  return clear
}

/**
 * Scrolls to the element that the URL names and focuses it once it exists; after a launch it appears shortly after the
 * answer.
 */
export const pointsOut =
  (query: Readonly<Record<string, string>>): Attachment<HTMLElement> =>
  (page) => {
    if (!Object.keys(TARGETS).some((name) => name in query)) return undefined
    let clear: (() => void) | undefined
    const find = (): void => {
      const target = targetIn(page, query)
      if (!target) return
      observer.disconnect()
      clear = pointOut(target)
    }
    const observer = new MutationObserver(find)
    observer.observe(page, { childList: true, subtree: true })
    find()
    return () => {
      observer.disconnect()
      clear?.()
    }
  }
