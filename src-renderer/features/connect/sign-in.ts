import type { NetworkInterface } from '@core/state/nodes'

const isIpv4 = (address: string): boolean => /^\d+\.\d+\.\d+\.\d+$/.test(address)
/** Of a phone's own network: cables between machines lead no phone anywhere. */
const REACHABLE: readonly NetworkInterface['type'][] = ['wifi', 'ethernet', 'unknown']

/** Where phones on the same network find this machine, the likeliest address first. */
export const addressesForPhones = (interfaces: readonly NetworkInterface[]): readonly string[] =>
  REACHABLE.flatMap((type) =>
    interfaces
      .filter((one) => one.type === type)
      .flatMap(({ addresses }) => addresses.filter((address) => isIpv4(address) && !/^(127|169\.254)\./.test(address))),
  )

/** The link that signs a phone in: this node at that address. */
export const signInUrl = (apiUrl: string, address: string | undefined, path: string): string => {
  const url = new URL(path, apiUrl)
  // What this page was opened by is not this machine's own name, so it leads here from elsewhere as well.
  const elsewhere = !['localhost', '[::1]'].includes(url.hostname) && !url.hostname.startsWith('127.')
  if (!elsewhere && address !== undefined) url.hostname = address
  return url.href
}
