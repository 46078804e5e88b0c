import { execute } from '../command'
import type { PlatformReader } from '../facts'
import { parseCpuModel, parseOsRelease } from './identification'
import { readGroupMemory } from './cgroup'
import { linuxInterfaceTypes } from './interfaces'
import { parseMeminfo } from './meminfo'
import { cudaRequirements, nvidiaGpu, type NvidiaGpu } from './nvidia'
import { parseProcStat } from './proc-stat'
import { readTextBelow } from './read-text'

export interface LinuxOptions {
  readonly root: string
  /** The NVIDIA GPU, if any. */
  readonly gpu?: () => Promise<NvidiaGpu | undefined>
}

/**
 * Reads facts of a Linux machine from /proc, /sys and /etc below `root`. If models run on a GPU, chip and memory are
 * the GPU's.
 */
export const linuxReader = ({ root, gpu = nvidiaGpu({ execute }) }: LinuxOptions): PlatformReader => {
  const usableGpu = async (): Promise<NvidiaGpu | undefined> => {
    const found = await gpu()
    return found && cudaRequirements(found.driver) !== undefined ? found : undefined
  }
  const read = readTextBelow(root)
  const text = async (path: string): Promise<string> => (await read(path)) ?? ''
  return {
    chip: async () => {
      const used = await usableGpu()
      if (used) return { name: used.name }
      const board = (await text('proc/device-tree/model')).replaceAll('\0', '').trim()
      return { name: parseCpuModel(await text('proc/cpuinfo')) ?? (board || 'unknown') }
    },
    os: async () => ({ name: parseOsRelease(await text('etc/os-release')) ?? 'Linux' }),
    memory: async () => {
      const own = (await usableGpu())?.memory
      if (own) return { ramTotal: own.total, ramAvailable: own.free }
      const memory = parseMeminfo(await text('proc/meminfo')) ?? { ramTotal: 0, ramAvailable: 0 }
      const group = await readGroupMemory(read)
      if (!group) return memory
      return {
        ramTotal: Math.min(memory.ramTotal, group.limit),
        ramAvailable: Math.min(memory.ramAvailable, group.available),
      }
    },
    slowSensors: async () => {
      const { load, temperature, powerWatts } = (await usableGpu()) ?? {}
      return {
        ...(load !== undefined && { gpuLoad: load }),
        ...(temperature !== undefined && { temperature }),
        ...(powerWatts !== undefined && { powerWatts }),
      }
    },
    cpuTimes: async () => parseProcStat(await text('proc/stat')) ?? { busy: 0, total: 0 },
    interfaceTypes: (names) => linuxInterfaceTypes(root, names),
  }
}
