/** An element that stands where a library wants a <style>, and the sheet that has its rules. */
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

type Create = (tag: string) => HTMLElement

/** Styles that are given as an attribute count as inline; given as properties they do not. */
const withStyleAsProperties = (element: HTMLElement): HTMLElement => {
  const set = element.setAttribute.bind(element)
  element.setAttribute = (name, value) => {
    if (name === 'style') element.style.cssText = value
    else set(name, value)
  }
  return element
}

/** Makes elements as the page does, but none that the page's policy (`style-src 'self'`) takes for inline style. */
const creator =
  (page: Document, create: Create): Create =>
  (tag) =>
    tag === 'style' ? standIn(page, create) : withStyleAsProperties(create(tag))

/**
 * The page, for a library that makes <style> elements and style attributes, which the page's policy forbids: rules
 * become constructed style sheets, attributes properties, which it allows. Everything else is the page itself.
 */
export const pageWithoutInlineStyle = (page: Document): Document => {
  const create = creator(page, (tag) => page.createElement(tag))
  return new Proxy(page, {
    get: (target, name) => {
      if (name === 'createElement') return create
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}

/** The same while `act` runs, for what does not ask the page that it was given. */
export const withoutInlineStyle = (page: Document, act: () => void): void => {
  const create = page.createElement.bind(page)
  Object.defineProperty(page, 'createElement', { configurable: true, value: creator(page, create) })
  try {
    act()
  } finally {
    Reflect.deleteProperty(page, 'createElement')
  }
}
