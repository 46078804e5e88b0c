import { get } from 'node:http'
import type { Session } from 'electron'

/** A content security policy cannot name an IPv6 address; this name leads to the same node. */
export const nameForPolicy = (apiUrl: string): string => apiUrl.replace(/^http:\/\/\[::1?\]/, 'http://localhost')

/** The cookie that a one-time link gives whoever follows it first. */
const redeem = (link: string): Promise<string> =>
  new Promise((resolve, reject) => {
    get(link, { agent: false }, (response) => {
      response.resume()
      const cookie = response.headers['set-cookie']?.[0]?.split(';')[0]
      if (cookie) resolve(cookie)
      else
        reject(
          new Error(`The window could not sign in to its own node (it answered ${response.statusCode ?? 'nothing'})`),
        )
    }).on('error', reject)
  })

/**
 * Signs the window in to a node whose API is open to the network and so asks everybody who they are. The
 * cookie is added to the requests on their way: the page, which shows what models say, never holds it.
 */
export const signWindowIn = async (
  session: Session,
  { apiUrl, signInLink }: { readonly apiUrl: string; readonly signInLink: (() => string) | undefined },
): Promise<void> => {
  if (signInLink === undefined) return
  const cookie = await redeem(signInLink())
  session.webRequest.onBeforeSendHeaders({ urls: [`${apiUrl}/*`] }, ({ requestHeaders }, send) =>
    send({ requestHeaders: { ...requestHeaders, Cookie: cookie } }),
  )
}
