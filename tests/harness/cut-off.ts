import type { Page } from '@playwright/test'

/**
 * Headings and what can be pressed of which a part lies outside the window, or is cut off by what it stands in. A row
 * of tabs that scrolls sideways may hold more than it shows.
 */
const CUT_OFF = `(() => {
  const seen = 'h1, h2, h3, button, a, input, select, label, [role=tab]'
  const scrollsSideways = (element) => {
    const row = element.closest('nav')
    return row !== null && getComputedStyle(row).overflowX === 'auto'
  }
  const cut = [...document.querySelectorAll(seen)].flatMap((element) => {
    const { left, right, width } = element.getBoundingClientRect()
    const { visibility, overflowX, textOverflow } = getComputedStyle(element)
    if (width <= 1 || visibility === 'hidden' || element.closest('.visually-hidden')) return []
    const isOutside = (left < -1 || right > innerWidth + 1) && !scrollsSideways(element)
    const scrolls = element.matches('input, select') || textOverflow === 'ellipsis' || overflowX === 'visible'
    const isCut = !scrolls && element.scrollWidth > element.clientWidth + 1
    return isOutside || isCut ? [element.outerHTML.slice(0, 160)] : []
  })
  const { scrollWidth, clientWidth } = document.documentElement
  return scrollWidth > clientWidth + 1 ? [...cut, 'the page is ' + scrollWidth + ' px wide'] : cut
})()`

export const cutOff = (page: Page): Promise<readonly string[]> => page.evaluate<readonly string[]>(CUT_OFF)

/** Texts that are drawn over one another, of the sheet where one is open. */
const OVERLAPPING = `(() => {
  const around = document.querySelector('dialog[open], [role=dialog]') ?? document.body
  const walker = document.createTreeWalker(around, NodeFilter.SHOW_TEXT)
  const boxes = []
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const text = node.data.trim()
    const element = node.parentElement
    if (text === '' || element === null || element.closest('.visually-hidden, option, [aria-hidden=true]')) continue
    if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue
    const range = document.createRange()
    range.selectNodeContents(node)
    for (const rect of range.getClientRects()) {
      let { left, top, right, bottom } = rect
      for (let clip = element; clip !== null; clip = clip.parentElement) {
        if (getComputedStyle(clip).overflow === 'visible') continue
        const edge = clip.getBoundingClientRect()
        left = Math.max(left, edge.left)
        right = Math.min(right, edge.right)
        top = Math.max(top, edge.top)
        bottom = Math.min(bottom, edge.bottom)
      }
      if (right - left > 2 && bottom - top > 2) boxes.push({ text: text.slice(0, 60), node, left, top, right, bottom })
    }
  }
  return boxes.flatMap((one, at) =>
    boxes.slice(at + 1).flatMap((other) => {
      const width = Math.min(one.right, other.right) - Math.max(one.left, other.left)
      const height = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top)
      return one.node !== other.node && width > 2 && height > 4 ? [one.text + ' | ' + other.text] : []
    }),
  )
})()`

export const overlapping = (page: Page): Promise<readonly string[]> => page.evaluate<readonly string[]>(OVERLAPPING)
