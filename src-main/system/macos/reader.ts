import { memoryBandwidthOf } from '@core/placement/chip-bandwidth'
import { cpus, freemem, totalmem } from 'node:os'
import { sumCpuTimes } from '../cpu-times'
import { printedBy, type Execute } from '../command'
import type { PlatformReader } from '../facts'
import { gpuMemoryLimit } from './gpu-memory'
import { parseGraphics, type Graphics } from './graphics'
import { parseHardware } from './hardware'
import { parseHardwarePorts } from './hardware-ports'
import { parseSwVers } from './identification'
import { macmonReader } from './macmon'
import { memoryPressureOf } from './memory-pressure'
import { macPorts } from './ports'
import { parseSysctl } from './sysctl'
import { parseVmStat } from './vm-stat'

/** system_profiler collects its data when called, which takes a while. */
const PROFILER_TIME_LIMIT_MS = 20_000

/** Reads a Mac's facts with macOS's own programs, and macmon if installed. None needs privileges. */
export const macosReader = ({ execute }: { readonly execute: Execute }): PlatformReader => {
  const run = printedBy(execute)
  const sysctl = async (...names: string[]): Promise<ReadonlyMap<string, string>> =>
    parseSysctl((await run('/usr/sbin/sysctl', names)) ?? '')
  const graphics = async (): Promise<Graphics> =>
    parseGraphics((await run('/usr/sbin/ioreg', ['-r', '-d', '1', '-w', '0', '-c', 'AGXAccelerator'])) ?? '')
  return {
    chip: async () => {
      const [values, { cores }] = await Promise.all([sysctl('machdep.cpu.brand_string'), graphics()])
      const name = values.get('machdep.cpu.brand_string') ?? 'unknown'
      const memoryBandwidth = memoryBandwidthOf(name, cores)
      return memoryBandwidth === undefined ? { name } : { name, memoryBandwidth }
    },
    os: async () => parseSwVers((await run('/usr/bin/sw_vers', [])) ?? '') ?? { name: 'macOS' },
    model: async () => {
      const options = { timeLimitMs: PROFILER_TIME_LIMIT_MS }
      return parseHardware((await run('/usr/sbin/system_profiler', ['SPHardwareDataType', '-json'], options)) ?? '')
    },
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
    sensors: async () => {
      const level = 'kern.memorystatus_vm_pressure_level'
      const [values, { load }] = await Promise.all([sysctl(level), graphics()])
      const memoryPressure = memoryPressureOf(values.get(level))
      return { ...(load !== undefined && { gpuLoad: load }), ...(memoryPressure && { memoryPressure }) }
    },
    slowSensors: macmonReader({ execute }),
    ports: macPorts({ execute }),
  }
}
