import type { NetworkInterface } from '@core/state/nodes'

const isIpv4 = (address: string): boolean => /^\d+\.\d+\.\d+\.\d+$/.test(address)
/** Interfaces that phones may reach; cables between machines are excluded. */
const REACHABLE: readonly NetworkInterface['type'][] = ['wifi', 'ethernet', 'unknown']

/** Addresses for phones on the same network, the most likely first. */
export const addressesForPhones = (interfaces: readonly NetworkInterface[]): readonly string[] =>
  REACHABLE.flatMap((type) =>
    interfaces
      .filter((one) => one.type === type)
      .flatMap(({ addresses }) => addresses.filter((address) => isIpv4(address) && !/^(127|169\.254)\./.test(address))),
  )

/** Sign-in link for a phone: this node at that address. */
export const signInUrl = (apiUrl: string, address: string | undefined, path: string): string => {
  const url = new URL(path, apiUrl)
  // The page was opened by a name other than localhost, so that name works from other devices.
  const elsewhere = !['localhost', '[::1]'].includes(url.hostname) && !url.hostname.startsWith('127.')
  if (!elsewhere && address !== undefined) url.hostname = address
  return url.href
}
