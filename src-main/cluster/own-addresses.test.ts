import type { NetworkInterfaceInfo } from 'node:os'
import { describe, expect, it } from 'vitest'
import { Fellow } from '@core/protocols/join'
import { Hello } from '@core/protocols/peer'
import { ownAddresses } from './own-addresses'

const at = (address: string): NetworkInterfaceInfo[] => [
  {
    address,
    netmask: '255.255.255.0',
    mac: '00:00:00:00:00:00',
    internal: false,
    cidr: `${address}/24`,
    family: 'IPv4',
  },
]

/** A machine with a network for each of 300 groups of containers, and one that was plugged in last. */
const hostOfContainers = () => ({
  eth0: at('192.168.1.20'),
  docker0: at('172.17.0.1'),
  ...Object.fromEntries(
    Array.from({ length: 300 }, (_, n) => [`br-${n}`, at(`10.${Math.floor(n / 250)}.${n % 250}.1`)]),
  ),
  eth1: at('192.168.2.20'),
})

describe('the addresses of a machine with hundreds of them', () => {
  const addresses = ownAddresses(hostOfContainers)

  it('begin with those at which others reach it', () => {
    expect(addresses.slice(0, 3)).toEqual(['192.168.1.20', '192.168.2.20', '172.17.0.1'])
  })

  it('are no more than other machines accept', () => {
    expect(Hello.shape.addresses.parse(addresses)).toEqual(addresses)
    expect(Fellow.shape.addresses.parse(addresses.map((ip) => ({ ip, port: 1 })))).toHaveLength(addresses.length)
  })
})
