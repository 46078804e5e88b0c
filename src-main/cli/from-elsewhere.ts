import { isIPv4 } from 'node:net'
import { networkInterfaces } from 'node:os'
import { isLoopback } from '@core/settings/node'

/** A link to this node as other machines can open it: at an address of this machine instead of its loopback. */
export const fromElsewhere = (link: string, addresses: readonly string[]): string => {
  const url = new URL(link)
  // People type it: the shorter kind of address.
  const address = addresses.find(isIPv4)
  if (isLoopback(url.hostname) && address !== undefined) url.hostname = address
  return url.href
}

/** This machine's addresses in its networks; empty where a sandbox forbids listing them. */
export const addressesHere = (): readonly string[] => {
  try {
    return Object.values(networkInterfaces()).flatMap((addresses = []) =>
      addresses.filter(({ internal }) => !internal).map(({ address }) => address),
    )
  } catch {
    return []
  }
}
