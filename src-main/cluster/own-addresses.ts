import { networkInterfaces, type NetworkInterfaceInfo } from 'node:os'

const isLinkLocal = (address: string): boolean => /^fe[89ab]/i.test(address)

const outward = (): [name: string, addresses: NetworkInterfaceInfo[]][] => {
  try {
    return Object.entries(networkInterfaces()).map(([name, addresses]) => [
      name,
      (addresses ?? []).filter(({ internal }) => !internal),
    ])
  } catch {
    // A sandbox may forbid the question: nobody is discovered then, and addresses can be given by hand.
    return []
  }
}

/** All addresses others may reach this machine by; link-local ones reach nobody without a zone that only this machine knows. */
export const ownAddresses = (): string[] =>
  outward().flatMap(([, addresses]) => addresses.map(({ address }) => address).filter((one) => !isLinkLocal(one)))

/** One interface and family that nodes can be announced on. */
export interface Channel {
  readonly interfaceName: string
  readonly family: 'IPv4' | 'IPv6'
  /** Of the interface, in that family. */
  readonly address: string
}

/** Where nodes near can be found: each interface that leads to others, by each family that it speaks. */
export const channels = (): Channel[] =>
  outward().flatMap(([interfaceName, addresses]) =>
    (['IPv4', 'IPv6'] as const).flatMap((family): Channel[] => {
      const own = addresses.filter((one) => one.family === family)
      // Of IPv6 any one will do: it is the interface that is joined. Of IPv4 each is a network of its own.
      return (family === 'IPv4' ? own : own.slice(0, 1)).map(({ address }) => ({ interfaceName, family, address }))
    }),
  )

/** A link-local address means something only together with the interface it was heard on. */
export const withZone = (address: string, interfaceName: string): string =>
  isLinkLocal(address) && !address.includes('%') ? `${address}%${interfaceName}` : address
