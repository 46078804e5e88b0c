import type { InterfaceType, NodeMemory } from '@core/state/nodes'
import { networkInterfaces, release } from 'node:os'
import { runCommand } from './command'
import { loadBetween } from './cpu-times'
import { diskSpace } from './disk'
import type { CpuTimes, MachineFacts, Memory, PlatformReader } from './facts'
import { linuxReader } from './linux/reader'
import { macosReader } from './macos/reader'
import { describeInterfaces } from './network'
import { portableReader } from './portable-reader'

export interface MachineOptions {
  /** Where models are kept: the disk figures are its volume's. */
  readonly modelsDir: string
  /** Bytes that this node's runners hold now. */
  readonly heldByRunners: () => number
  readonly platform?: NodeJS.Platform
  readonly reader?: PlatformReader
}

export interface Machine {
  /** Everything this machine says about itself, read now. Never fails: what cannot be read is left out. */
  gather(): Promise<MachineFacts>
}

const readerFor = (platform: NodeJS.Platform): PlatformReader => {
  switch (platform) {
    case 'linux':
      return linuxReader({ root: '/' })
    case 'darwin':
      return macosReader({ run: runCommand })
    default:
      return portableReader()
  }
}

/** The system refuses a list of its interfaces where a sandbox or a lack of descriptors forbids it. */
const interfacesNow = (): ReturnType<typeof networkInterfaces> => {
  try {
    return networkInterfaces()
  } catch {
    return {}
  }
}

/** What runners hold is in neither figure, and together the two never exceed what models may take. */
const nodeMemory = ({ ramTotal, ramAvailable, limit = ramTotal }: Memory, held: number): NodeMemory => ({
  ramTotal: Math.floor(ramTotal),
  ramAvailable: Math.floor(Math.max(0, Math.min(ramAvailable, limit - held))),
  heldByRunners: Math.floor(held),
})

/** The machine this runs on. What cannot change is read once, interface types when interfaces come or go. */
export const thisMachine = (options: MachineOptions): Machine => {
  const platform = options.platform ?? process.platform
  const reader = options.reader ?? readerFor(platform)
  let fixed: Promise<Pick<MachineFacts, 'chip' | 'memoryBandwidth' | 'os'>> | undefined
  let types: { readonly names: string; readonly byName: ReadonlyMap<string, InterfaceType> } | undefined
  let lastTimes: CpuTimes | undefined

  const readFixed = async (): Promise<Pick<MachineFacts, 'chip' | 'memoryBandwidth' | 'os'>> => {
    const [{ name, memoryBandwidth }, osName] = await Promise.all([reader.chip(), reader.osName()])
    return {
      chip: name,
      ...(memoryBandwidth === undefined ? {} : { memoryBandwidth }),
      os: { platform, release: release(), name: osName },
    }
  }

  const readNetwork = async (): Promise<NonNullable<MachineFacts['network']>> => {
    const interfaces = interfacesNow()
    const names = Object.keys(interfaces).sort()
    if (types?.names !== names.join()) types = { names: names.join(), byName: await reader.interfaceTypes(names) }
    return { interfaces: describeInterfaces(interfaces, types.byName) }
  }

  /** Load since the last reading; the first one has only the time since the system started to go by. */
  const readLoad = async (): Promise<number> => {
    const times = await reader.cpuTimes()
    const load = loadBetween(lastTimes ?? { busy: 0, total: 0 }, times)
    lastTimes = times
    return load ?? 0
  }

  return {
    gather: async () => {
      fixed ??= readFixed()
      const [lasting, memory, disk, cpuLoad, network] = await Promise.all([
        fixed,
        reader.memory(),
        diskSpace(options.modelsDir),
        readLoad(),
        readNetwork(),
      ])
      return {
        ...lasting,
        memory: nodeMemory(memory, options.heldByRunners()),
        ...(disk ? { disk } : {}),
        system: { cpuLoad },
        network,
      }
    },
  }
}
