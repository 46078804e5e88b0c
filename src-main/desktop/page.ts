/** The one page that the app's window shows, and where it comes from. */
export interface Page {
  readonly url: string
  readonly origin: string
}

/** The app's own scheme: not a file's, so that storage, policy and fetch work as on the web. */
export const SCHEME = 'app'
export const HOST = 'muster'

export const builtPage: Page = { url: `${SCHEME}://${HOST}/`, origin: `${SCHEME}://${HOST}` }

/** In development the page comes from the server that reloads it; an installed app has no such server. */
export const pageOf = ({ developmentUrl }: { readonly developmentUrl: string | undefined }): Page =>
  developmentUrl ? { url: developmentUrl, origin: new URL(developmentUrl).origin } : builtPage

/** Whether an address or an origin is one of the page's. */
export const isOf = ({ origin }: Page, address: string): boolean =>
  address === origin || address.startsWith(`${origin}/`)

/** Whether going there is a mere reload. */
export const isReload = ({ url }: Page, address: string): boolean =>
  new URL(address).href.split('#')[0] === new URL(url).href
