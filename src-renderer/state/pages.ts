/** The pages, in the order of the rail. */
export const pages = ['cluster', 'models', 'chat', 'connect', 'activity', 'settings'] as const
export type Page = (typeof pages)[number]

/** A page with what it is about. */
export interface Place {
  readonly page: Page
  readonly query: Readonly<Record<string, string>>
}

const isPage = (text: string): text is Page => pages.some((page) => page === text)

/** `#/chat?model=x` as a place; what it does not know leads to the first page. */
export const parsePlace = (hash: string): Place => {
  const [path = '', search = ''] = hash.replace(/^#\/?/, '').split('?')
  return { page: isPage(path) ? path : 'cluster', query: Object.fromEntries(new URLSearchParams(search)) }
}

/** The link that leads there. */
export const linkTo = (page: Page, query: Readonly<Record<string, string>> = {}): string => {
  const search = new URLSearchParams(query).toString()
  return `#/${page}${search === '' ? '' : `?${search}`}`
}
