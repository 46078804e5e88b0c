import { networkInterfaces, type NetworkInterfaceInfo } from 'node:os'

const isLinkLocal = (address: string): boolean => /^fe[89ab]/i.test(address)

const outward = (): [name: string, addresses: NetworkInterfaceInfo[]][] => {
  try {
    return Object.entries(networkInterfaces()).map(([name, addresses]) => [
      name,
      (addresses ?? []).filter(({ internal }) => !internal),
    ])
  } catch {
    // A sandbox may forbid listing interfaces. Nothing is discovered then; addresses can be given by hand.
    return []
  }
}

/** Addresses at which others may reach this machine. Link-local ones are left out: their zone is valid only here. */
export const ownAddresses = (): string[] =>
  outward().flatMap(([, addresses]) => addresses.map(({ address }) => address).filter((one) => !isLinkLocal(one)))

/** An interface and address family to announce on. */
export interface Channel {
  readonly interfaceName: string
  readonly family: 'IPv4' | 'IPv6'
  /** The interface's address in that family. */
  readonly address: string
}

/** Channels to announce on: every non-loopback interface, by each family it has. */
export const channels = (): Channel[] =>
  outward().flatMap(([interfaceName, addresses]) =>
    (['IPv4', 'IPv6'] as const).flatMap((family): Channel[] => {
      const own = addresses.filter((one) => one.family === family)
      // IPv6 multicast joins the interface, so one address is enough. Each IPv4 address is a network of its own.
      return (family === 'IPv4' ? own : own.slice(0, 1)).map(({ address }) => ({ interfaceName, family, address }))
    }),
  )

/** Adds the zone to a link-local address, which is meaningless without the interface it was seen on. */
export const withZone = (address: string, interfaceName: string): string =>
  isLinkLocal(address) && !address.includes('%') ? `${address}%${interfaceName}` : address
