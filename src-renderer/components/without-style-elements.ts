type Create = (tag: string) => HTMLElement

/** An element that stands where a library wants a <style>, and the constructed sheet that has its rules. */
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
 * Runs what makes <style> elements, which the page's policy (`style-src 'self'`) forbids: their rules go into
 * constructed style sheets, which it allows, also those that are set later.
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
