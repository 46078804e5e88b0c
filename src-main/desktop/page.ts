/** The app's own scheme: not a file's, so that storage, policy and fetch work as on the web. */
export const SCHEME = 'app'
export const HOST = 'muster'

/** The one page that the app's window shows. */
export const PAGE_ORIGIN = `${SCHEME}://${HOST}`
export const PAGE_URL = `${PAGE_ORIGIN}/`

/** Whether an address or an origin is the page's. */
export const isOfPage = (address: string): boolean => address === PAGE_ORIGIN || address.startsWith(PAGE_URL)

/** Whether going there only loads the page again. */
export const isReload = (address: string): boolean => address.split('#')[0] === PAGE_URL
