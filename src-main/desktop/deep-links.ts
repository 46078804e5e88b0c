import { ModelId } from '@core/ids'

/** The scheme that other programs and web pages open Muster by. */
export const DEEP_LINK_SCHEME = 'muster'

/** An invitation is base64url in parts; a machine may be named by its address instead. */
const INVITATION = /^[\w.:[\]%~+/=-]{4,4096}$/
const LIMIT = 5000

/**
 * Where a link of our scheme leads in the window: `muster://join/INVITATION` to the form for joining, filled in,
 * `muster://model/OWNER/NAME` to the launch form. Both only ask: nothing happens before a person has confirmed it there.
 * Undefined for every other link, since any page and program can make one.
 */
export const deepLinkTarget = (
  link: string,
): { readonly page: 'cluster'; readonly query: Record<string, string> } | undefined => {
  if (link.length > LIMIT) return undefined
  let url: URL
  try {
    url = new URL(link)
  } catch {
    return undefined
  }
  if (url.protocol !== `${DEEP_LINK_SCHEME}:` || url.username !== '' || url.password !== '' || url.port !== '')
    return undefined
  const rest = decoded(url.pathname.replace(/^\//, ''))
  if (rest === undefined) return undefined
  switch (url.hostname) {
    case 'join':
      return INVITATION.test(rest) ? { page: 'cluster', query: { join: rest } } : undefined
    case 'model': {
      const modelId = ModelId.safeParse(rest)
      return modelId.success && /^[\w.-]+\/[\w.-]+$/.test(rest)
        ? { page: 'cluster', query: { launch: rest } }
        : undefined
    }
    default:
      return undefined
  }
}

const decoded = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** The first link of our scheme among a program's arguments. */
export const deepLinkIn = (args: readonly string[]): string | undefined =>
  args.find((argument) => argument.startsWith(`${DEEP_LINK_SCHEME}://`))
