import type { InterfaceType } from '@core/state/nodes'

/** "Thunderbolt Ethernet Slot 1" is an Ethernet adapter; "Thunderbolt 2" and "Thunderbolt Bridge" are IP over Thunderbolt. */
const typeOf = (port: string): InterfaceType => {
  if (port === 'Wi-Fi' || port === 'AirPort') return 'wifi'
  if (/^Thunderbolt (?:\d+|Bridge)$/.test(port)) return 'thunderbolt'
  return /\b(?:Ethernet|LAN)\b/i.test(port) ? 'ethernet' : 'unknown'
}

const portsIn = (text: string): (readonly [port: string, device: string])[] =>
  [...text.matchAll(/^Hardware Port: (.+)\nDevice: (\S+)$/gm)].flatMap(([, port, device]) =>
    port === undefined || device === undefined ? [] : [[port.trim(), device] as const],
  )

/** Parses `networksetup -listallhardwareports`: interface name to type. */
export const parseHardwarePorts = (text: string): ReadonlyMap<string, InterfaceType> =>
  new Map(portsIn(text).map(([port, device]) => [device, typeOf(port)]))

/** Parses the same text: interface by Thunderbolt port number. Neither list need be in order. */
export const parseThunderboltInterfaces = (text: string): ReadonlyMap<number, string> =>
  new Map(
    portsIn(text).flatMap(([port, device]) => {
      const number = /^Thunderbolt (\d+)$/.exec(port)?.[1]
      return number === undefined ? [] : [[Number(number), device] as const]
    }),
  )
