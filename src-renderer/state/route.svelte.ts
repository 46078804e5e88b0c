import { linkTo, parsePlace, type Page } from './pages'

/** The window's location, from its URL hash. */
export class Route {
  private hash = $state(window.location.hash)
  readonly current = $derived(parsePlace(this.hash))

  constructor() {
    window.addEventListener('hashchange', this.follow)
  }

  close(): void {
    window.removeEventListener('hashchange', this.follow)
  }

  go(page: Page, query: Readonly<Record<string, string>> = {}): void {
    window.location.hash = linkTo(page, query)
  }

  private readonly follow = (): void => {
    this.hash = window.location.hash
  }
}
