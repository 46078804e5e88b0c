/** The app's own scheme, so that storage, policy and fetch work as on the web, unlike with `file:`. */
export const SCHEME = 'app'
export const HOST = 'muster'

/** The only page that the app's window shows. */
export const PAGE_ORIGIN = `${SCHEME}://${HOST}`
export const PAGE_URL = `${PAGE_ORIGIN}/`

/** Whether an address or an origin belongs to the page. */
export const isOfPage = (address: string): boolean => address === PAGE_ORIGIN || address.startsWith(PAGE_URL)

/** Whether navigating there only reloads the page. */
export const isReload = (address: string): boolean => address.split('#')[0] === PAGE_URL
