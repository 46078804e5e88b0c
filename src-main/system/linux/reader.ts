import type { PlatformReader } from '../facts'
import { parseCpuModel, parseOsRelease } from './identification'
import { readGroupMemory } from './cgroup'
import { linuxInterfaceTypes } from './interfaces'
import { parseMeminfo } from './meminfo'
import { parseProcStat } from './proc-stat'
import { readTextBelow } from './read-text'

/** Facts about a Linux machine from /proc, /sys and /etc below `root`. */
export const linuxReader = ({ root }: { readonly root: string }): PlatformReader => {
  const read = readTextBelow(root)
  const text = async (path: string): Promise<string> => (await read(path)) ?? ''
  return {
    chip: async () => {
      const board = (await text('proc/device-tree/model')).replaceAll('\0', '').trim()
      return { name: parseCpuModel(await text('proc/cpuinfo')) ?? (board || 'unknown') }
    },
    os: async () => ({ name: parseOsRelease(await text('etc/os-release')) ?? 'Linux' }),
    memory: async () => {
      const memory = parseMeminfo(await text('proc/meminfo')) ?? { ramTotal: 0, ramAvailable: 0 }
      const group = await readGroupMemory(read)
      if (!group) return memory
      return {
        ramTotal: Math.min(memory.ramTotal, group.limit),
        ramAvailable: Math.min(memory.ramAvailable, group.available),
      }
    },
    cpuTimes: async () => parseProcStat(await text('proc/stat')) ?? { busy: 0, total: 0 },
    interfaceTypes: (names) => linuxInterfaceTypes(root, names),
  }
}
