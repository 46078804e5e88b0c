/** The target of a link that leaves the app: this node's own pages open at once, web pages after the user's consent. */
export type Link =
  | { readonly to: 'own-node'; readonly url: string }
  | { readonly to: 'web'; readonly url: string; readonly host: string }

const parse = (address: string): URL | undefined => {
  try {
    return new URL(address)
  } catch {
    return undefined
  }
}

/**
 * Judges an address that the page wants to open in the browser; undefined if it must not be opened. Links may come from
 * a model, so those that could start a program or conceal their target are refused.
 */
export const judgeLink = (address: string, { apiUrl }: { readonly apiUrl: string }): Link | undefined => {
  const url = parse(address)
  if (url === undefined || url.username !== '' || url.password !== '') return undefined
  if (url.origin === new URL(apiUrl).origin) return { to: 'own-node', url: url.href }
  // The host is in its ASCII form (Punycode), which exposes look-alike letters.
  return url.protocol === 'https:' ? { to: 'web', url: url.href, host: url.host } : undefined
}
