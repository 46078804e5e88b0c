type Create = (tag: string) => HTMLElement

/** A stand-in for a <style> element; its rules go to a constructed style sheet. */
const standIn = (page: Document, create: Create): HTMLElement => {
  const sheet = new CSSStyleSheet()
  page.adoptedStyleSheets = [...page.adoptedStyleSheets, sheet]
  const element = create('i')
  element.hidden = true
  Object.defineProperty(element, 'textContent', { get: () => '', set: (css: string) => void sheet.replaceSync(css) })
  const remove = element.remove.bind(element)
  element.remove = () => {
    page.adoptedStyleSheets = page.adoptedStyleSheets.filter((one) => one !== sheet)
    remove()
  }
  return element
}

/**
 * Runs code that creates <style> elements, which the page's policy (`style-src 'self'`) forbids. Their rules, including
 * later changes, go to constructed style sheets, which it allows.
 */
export const withoutStyleElements = (page: Document, act: () => void): void => {
  const create: Create = page.createElement.bind(page)
  Object.defineProperty(page, 'createElement', {
    configurable: true,
    value: (tag: string) => (tag === 'style' ? standIn(page, create) : create(tag)),
  })
  try {
    act()
  } finally {
    Reflect.deleteProperty(page, 'createElement')
  }
}
