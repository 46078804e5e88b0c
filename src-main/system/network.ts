import type { InterfaceType, NetworkInterface } from '@core/state/nodes'
import type { NetworkInterfaceInfo } from 'node:os'

type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>

/** Leave out IPv6 link-local addresses: they need a zone, whose name differs on each machine. */
const reachable = ({ family, address }: NetworkInterfaceInfo): boolean =>
  family === 'IPv4' || !/^fe[89ab]/i.test(address)

/** Interfaces by which others can reach this machine, with their types, sorted by name. */
export const describeInterfaces = (
  interfaces: Interfaces,
  types: ReadonlyMap<string, InterfaceType>,
): NetworkInterface[] =>
  Object.entries(interfaces)
    .map(([name, entries = []]): NetworkInterface => {
      const loopback = entries.some(({ internal }) => internal)
      const addresses = entries.filter(reachable).map(({ address }) => address)
      return { name, type: loopback ? 'loopback' : (types.get(name) ?? 'unknown'), addresses: addresses.sort() }
    })
    .filter(({ addresses }) => addresses.length > 0)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
