import type { InterfaceType, NetworkInterface } from '@core/state/nodes'
import type { NetworkInterfaceInfo } from 'node:os'

type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>

/** An IPv6 link-local address reaches nobody without the zone, which has another name on each machine. */
const reachable = ({ family, address }: NetworkInterfaceInfo): boolean =>
  family === 'IPv4' || !/^fe[89ab]/i.test(address)

/** The interfaces that others can reach this machine by, with their types, in order of name. */
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
