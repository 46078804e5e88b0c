import { BlockList, isIP } from 'node:net'
import type { InterfaceType, NetworkInterface } from '@core/state/nodes'
import { interfacesNow } from '../own-addresses'

/** The interface by which this machine reaches an address on the same network; undefined for one behind a router. */
const nameTowards = (ip: string): string | undefined => {
  const family = isIP(ip) === 6 ? 'ipv6' : 'ipv4'
  for (const [name, addresses] of Object.entries(interfacesNow())) {
    for (const { cidr, family: own } of addresses ?? []) {
      if (cidr === null || own.toLowerCase() !== family) continue
      const [network, bits] = cidr.split('/')
      const list = new BlockList()
      list.addSubnet(network ?? '', Number(bits), family)
      if (list.check(ip, family)) return name
    }
  }
  return undefined
}

/** The type of the interface that leads to an address; `unknown` if this machine's facts do not tell. */
export const interfaceTypeTowards = (ip: string, known: readonly NetworkInterface[]): InterfaceType => {
  const name = nameTowards(ip)
  return known.find((one) => one.name === name)?.type ?? 'unknown'
}
