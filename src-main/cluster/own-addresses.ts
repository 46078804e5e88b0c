import { networkInterfaces, type NetworkInterfaceInfo } from 'node:os'

const isLinkLocal = (address: string): boolean => /^fe[89ab]/i.test(address)

type Interfaces = typeof networkInterfaces

/**
 * This machine's network interfaces by name. None where the system does not list them: in some sandboxes, where nothing is
 * discovered then and addresses can be given by hand, and while no file descriptor is free.
 */
export const interfacesNow = (read: Interfaces = networkInterfaces): ReturnType<Interfaces> => {
  try {
    return read()
  } catch {
    return {}
  }
}

const outward = (read?: Interfaces): [name: string, addresses: NetworkInterfaceInfo[]][] =>
  Object.entries(interfacesNow(read)).map(([name, addresses]) => [
    name,
    (addresses ?? []).filter(({ internal }) => !internal),
  ])

/** The most that a handshake or an admission may name. A host of containers can have an address for each network of them. */
const MOST_ADDRESSES = 100

/** Interfaces that lead to containers and virtual machines of this machine: others hardly reach it there. */
const isInward = (name: string): boolean => /^(?:docker|br-|veth|virbr|vnet|cni|podman|lxc|lxd)/.test(name)

/**
 * Addresses at which others may reach this machine, the likeliest first. Link-local ones are left out: their zone is valid
 * only here.
 */
export const ownAddresses = (read?: Interfaces): string[] => {
  const all = outward(read)
  return [...all.filter(([name]) => !isInward(name)), ...all.filter(([name]) => isInward(name))]
    .flatMap(([, addresses]) => addresses.map(({ address }) => address).filter((one) => !isLinkLocal(one)))
    .slice(0, MOST_ADDRESSES)
}

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
