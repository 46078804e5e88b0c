import { ModelId } from '@core/ids'

/** URL scheme with which other programs and web pages open Muster. */
export const DEEP_LINK_SCHEME = 'muster'

/** An invitation consists of base64url parts; an address of a machine is accepted instead. */
const INVITATION = /^[\w.:[\]%~+/=-]{4,4096}$/
const LIMIT = 5000

/**
 * The page that a deep link opens: `muster://join/INVITATION` the form for joining, filled in;
 * `muster://model/OWNER/NAME` the launch form. Both only ask: nothing happens before the user confirms. Undefined for
 * every other link, because any page or program can create one.
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
