import type { InterfaceType, NodeMemory } from '@core/state/nodes'
import { networkInterfaces, release } from 'node:os'
import { execute } from './command'
import { loadBetween } from './cpu-times'
import { diskSpace } from './disk'
import type { CpuTimes, MachineFacts, Memory, PlatformReader, PortFacts, Sensors } from './facts'
import { linuxReader } from './linux/reader'
import { macosReader } from './macos/reader'
import { describeInterfaces } from './network'
import { portableReader } from './portable-reader'
import { RarelyRead } from './rarely-read'

export interface MachineOptions {
  /** Where models are kept: the disk figures are its volume's. */
  readonly modelsDir: string
  /** Bytes that this node's runners hold now. */
  readonly heldByRunners: () => number
  /** Whether devices may be opened to see how they are: not while a model computes over them. */
  readonly mayProbe?: () => boolean
  readonly platform?: NodeJS.Platform
  readonly reader?: PlatformReader
  /** Milliseconds; never goes back. */
  readonly now?: () => number
}

export interface Machine {
  /** Everything this machine says about itself, read now. Never fails: what cannot be read is left out. */
  gather(): Promise<MachineFacts>
  /** Called when something was read in the background: time to gather again. */
  onNews(listener: () => void): void
}

/** Ports are read when something was plugged in, then soon again until it has come up, and else so rarely. */
const PORTS_MS = { soonest: 3000, longest: 60_000 }
const SLOW_SENSORS_MS = { soonest: 10_000, longest: 10_000 }
/** Until it is known. */
const MODEL_MS = { soonest: 60_000, longest: 3_600_000 }

const readerFor = (platform: NodeJS.Platform): PlatformReader => {
  switch (platform) {
    case 'linux':
      return linuxReader({ root: '/' })
    case 'darwin':
      return macosReader({ execute })
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
  const { mayProbe = () => true, now = () => performance.now() } = options
  let fixed: Promise<Pick<MachineFacts, 'chip' | 'memoryBandwidth' | 'os'>> | undefined
  let types: { readonly names: string; readonly byName: ReadonlyMap<string, InterfaceType> } | undefined
  let lastTimes: CpuTimes | undefined
  let knownModel: MachineFacts['model']
  let tell = (): void => undefined
  const background = { now, onRead: () => tell() }
  const { ports, model, slowSensors } = reader
  const portFacts =
    ports && new RarelyRead<PortFacts>({ ...background, ...PORTS_MS, read: () => ports.read({ mayProbe: mayProbe() }) })
  const slowly = slowSensors && new RarelyRead<Sensors>({ ...background, ...SLOW_SENSORS_MS, read: slowSensors })
  const kind = model && new RarelyRead<NonNullable<MachineFacts['model']>>({ ...background, ...MODEL_MS, read: model })

  const readFixed = async (): Promise<Pick<MachineFacts, 'chip' | 'memoryBandwidth' | 'os'>> => {
    const [{ name, memoryBandwidth }, os] = await Promise.all([reader.chip(), reader.os()])
    return {
      chip: name,
      ...(memoryBandwidth === undefined ? {} : { memoryBandwidth }),
      os: { platform, release: release(), ...os },
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
      const [lasting, memory, disk, cpuLoad, network, sensors, glance] = await Promise.all([
        fixed,
        reader.memory(),
        diskSpace(options.modelsDir),
        readLoad(),
        readNetwork(),
        reader.sensors?.(),
        ports?.glance(),
      ])
      knownModel ??= kind?.look('')
      const known = glance && portFacts?.look(glance.mark)
      return {
        ...lasting,
        memory: nodeMemory(memory, options.heldByRunners()),
        ...(knownModel && { model: knownModel }),
        ...(disk ? { disk } : {}),
        system: { cpuLoad, ...slowly?.look(''), ...sensors },
        network,
        ...(glance && known && glance.correct(known)),
      }
    },
    onNews: (listener) => {
      tell = listener
    },
  }
}
