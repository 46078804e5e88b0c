/** Pages in navigation order. */
export const pages = ['cluster', 'models', 'chat', 'connect', 'activity', 'settings'] as const
export type Page = (typeof pages)[number]

/** A page with its parameters. */
export interface Place {
  readonly page: Page
  readonly query: Readonly<Record<string, string>>
}

const isPage = (text: string): text is Page => pages.some((page) => page === text)

/** Parses `#/chat?model=x`; an unknown page becomes the first one. */
export const parsePlace = (hash: string): Place => {
  const [path = '', search = ''] = hash.replace(/^#\/?/, '').split('?')
  return { page: isPage(path) ? path : 'cluster', query: Object.fromEntries(new URLSearchParams(search)) }
}

/** Hash link to a page. */
export const linkTo = (page: Page, query: Readonly<Record<string, string>> = {}): string => {
  const search = new URLSearchParams(query).toString()
  return `#/${page}${search === '' ? '' : `?${search}`}`
}
