import { memoryBandwidthOf } from '@core/placement/chip-bandwidth'
import { cpus, freemem, totalmem } from 'node:os'
import type { RunCommand } from '../command'
import type { PlatformReader } from '../facts'
import { sumCpuTimes } from '../cpu-times'
import { gpuMemoryLimit } from './gpu-memory'
import { parseHardwarePorts } from './hardware-ports'
import { parseGpuCores, parseSwVers } from './identification'
import { parseSysctl } from './sysctl'
import { parseVmStat } from './vm-stat'

/** Facts about a Mac from the programs that come with macOS. None needs rights, and none is slow (system_profiler is). */
export const macosReader = ({ run }: { readonly run: RunCommand }): PlatformReader => {
  const sysctl = async (...names: string[]): Promise<ReadonlyMap<string, string>> =>
    parseSysctl((await run('/usr/sbin/sysctl', names)) ?? '')
  return {
    chip: async () => {
      const [values, gpu] = await Promise.all([
        sysctl('machdep.cpu.brand_string'),
        run('/usr/sbin/ioreg', ['-r', '-d', '1', '-c', 'AGXAccelerator']),
      ])
      const name = values.get('machdep.cpu.brand_string') ?? 'unknown'
      const memoryBandwidth = memoryBandwidthOf(name, parseGpuCores(gpu ?? ''))
      return memoryBandwidth === undefined ? { name } : { name, memoryBandwidth }
    },
    osName: async () => parseSwVers((await run('/usr/bin/sw_vers', [])) ?? '') ?? 'macOS',
    memory: async () => {
      const [values, pages] = await Promise.all([
        sysctl('hw.memsize', 'iogpu.wired_limit_mb'),
        run('/usr/bin/vm_stat', []),
      ])
      const ramTotal = Number(values.get('hw.memsize') ?? totalmem())
      const wired = values.get('iogpu.wired_limit_mb')
      return {
        ramTotal,
        ramAvailable: Math.min(ramTotal, parseVmStat(pages ?? '') ?? freemem()),
        limit: gpuMemoryLimit(ramTotal, wired === undefined ? undefined : Number(wired)),
      }
    },
    cpuTimes: () => Promise.resolve(sumCpuTimes(cpus())),
    interfaceTypes: async () =>
      parseHardwarePorts((await run('/usr/sbin/networksetup', ['-listallhardwareports'])) ?? ''),
  }
}
