import { linkTo, parsePlace, type Page, type Place } from './pages'

/** The window's location, from its URL hash. */
export class Route {
  private hash = $state(window.location.hash)
  /** Where `go` leads: the browser says so in an event of its own. */
  private asked: string | undefined
  readonly current = $derived(parsePlace(this.hash))
  /** The conversation, or the model for a new one, that was shown last. */
  private chat: Place['query'] = $state.raw({})

  /** @param followed called when a link or the browser's history, not `go`, has led elsewhere */
  constructor(private readonly followed: () => void = () => undefined) {
    window.addEventListener('hashchange', this.follow)
    this.note()
  }

  close(): void {
    window.removeEventListener('hashchange', this.follow)
  }

  go(page: Page, query: Readonly<Record<string, string>> = {}): void {
    window.location.hash = linkTo(page, query)
    this.asked = window.location.hash
  }

  /** Goes to a page as it was left: the chat goes on with the conversation that it was left with. */
  return(page: Page): void {
    this.go(page, this.leftAt(page))
  }

  /** The parameters with which a page is returned to. */
  leftAt(page: Page): Place['query'] {
    return page === 'chat' ? this.chat : {}
  }

  private readonly follow = (): void => {
    this.hash = window.location.hash
    this.note()
    if (this.hash !== this.asked) this.followed()
    this.asked = undefined
  }

  private note(): void {
    const { page, query } = this.current
    if (page === 'chat') this.chat = query
  }
}
