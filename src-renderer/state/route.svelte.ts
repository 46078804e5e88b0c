/** The pages, in the order of the rail. */
export const pages = ['cluster', 'models', 'chat', 'connect', 'activity'] as const
export type Page = (typeof pages)[number]

const isPage = (text: string): text is Page => pages.some((page) => page === text)

/** `#/chat?model=x` as a page with what it is about. */
export const parseRoute = (hash: string): { page: Page; query: URLSearchParams } => {
  const [path = '', search = ''] = hash.replace(/^#\/?/, '').split('?')
  return { page: isPage(path) ? path : 'cluster', query: new URLSearchParams(search) }
}

export const linkTo = (page: Page, query: Record<string, string> = {}): string => {
  const search = new URLSearchParams(query).toString()
  return `#/${page}${search === '' ? '' : `?${search}`}`
}

/** Where the window is, as its address says. */
export class Route {
  private hash = $state(window.location.hash)
  readonly current = $derived(parseRoute(this.hash))

  constructor() {
    window.addEventListener('hashchange', () => {
      this.hash = window.location.hash
    })
  }

  go(page: Page, query: Record<string, string> = {}): void {
    window.location.hash = linkTo(page, query)
  }
}
