import { linkTo, parsePlace, type Page } from './pages'

/** The window's location, from its URL hash. */
export class Route {
  private hash = $state(window.location.hash)
  /** Where `go` leads: the browser says so in an event of its own. */
  private asked: string | undefined
  readonly current = $derived(parsePlace(this.hash))

  /** @param followed called when a link or the browser's history, not `go`, has led elsewhere */
  constructor(private readonly followed: () => void = () => undefined) {
    window.addEventListener('hashchange', this.follow)
  }

  close(): void {
    window.removeEventListener('hashchange', this.follow)
  }

  go(page: Page, query: Readonly<Record<string, string>> = {}): void {
    window.location.hash = linkTo(page, query)
    this.asked = window.location.hash
  }

  private readonly follow = (): void => {
    this.hash = window.location.hash
    if (this.hash !== this.asked) this.followed()
    this.asked = undefined
  }
}
