import type { InterfaceType } from '@core/state/nodes'

/** "Thunderbolt Ethernet Slot 1" is an Ethernet adapter; "Thunderbolt 2" and "Thunderbolt Bridge" are IP over Thunderbolt. */
const typeOf = (port: string): InterfaceType => {
  if (port === 'Wi-Fi' || port === 'AirPort') return 'wifi'
  if (/^Thunderbolt (?:\d+|Bridge)$/.test(port)) return 'thunderbolt'
  return /\b(?:Ethernet|LAN)\b/i.test(port) ? 'ethernet' : 'unknown'
}

/** Reads `networksetup -listallhardwareports`: interface name to type. */
export const parseHardwarePorts = (text: string): ReadonlyMap<string, InterfaceType> => {
  const types = new Map<string, InterfaceType>()
  for (const [, port, device] of text.matchAll(/^Hardware Port: (.+)\nDevice: (\S+)$/gm)) {
    if (port !== undefined && device !== undefined) types.set(device, typeOf(port.trim()))
  }
  return types
}
