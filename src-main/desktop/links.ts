/** Where a link that leaves the app leads: to this node's own pages at once, to the web if the person agrees. */
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
 * Judges an address that the page wants opened in the browser; undefined for one that is not to be opened.
 * Links may come out of a model, so whatever could start a program or hide where it leads is refused.
 */
export const judgeLink = (address: string, { apiUrl }: { readonly apiUrl: string }): Link | undefined => {
  const url = parse(address)
  if (url === undefined || url.username !== '' || url.password !== '') return undefined
  if (url.origin === new URL(apiUrl).origin) return { to: 'own-node', url: url.href }
  // The host is in its ASCII form here: letters that only look like others show themselves.
  return url.protocol === 'https:' ? { to: 'web', url: url.href, host: url.host } : undefined
}
