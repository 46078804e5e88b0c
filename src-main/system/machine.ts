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
  /** Where models are stored: disk figures are of its volume. */
  readonly modelsDir: string
  /** Bytes that this node's runners hold now. */
  readonly heldByRunners: () => number
  /** Whether devices may be opened for a probe: not while a model uses them. */
  readonly mayProbe?: () => boolean
  readonly platform?: NodeJS.Platform
  readonly reader?: PlatformReader
  /** Milliseconds; never decreases. */
  readonly now?: () => number
}

export interface Machine {
  /** Reads all facts. Never fails: what cannot be read is left out. */
  gather(): Promise<MachineFacts>
  /** Called when a background reading has finished: gather again. */
  onNews(listener: () => void): void
}

/** Intervals of full port readings: short after a change, doubling until `longest`. */
const PORTS_MS = { soonest: 3000, longest: 60_000 }
const SLOW_SENSORS_MS = { soonest: 10_000, longest: 10_000 }
/**
 * Least time over which the load is measured. Systems count it in ticks of 10 ms, and one reading follows another at
 * once when a background reading has finished.
 */
const LOAD_MS = 1000
/** Intervals until the model is known. */
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

/** Listing interfaces fails in some sandboxes, and without free file descriptors. */
const interfacesNow = (): ReturnType<typeof networkInterfaces> => {
  try {
    return networkInterfaces()
  } catch {
    return {}
  }
}

/** Available memory and memory held by runners are disjoint, and together never exceed what models may use. */
const nodeMemory = ({ ramTotal, ramAvailable, limit = ramTotal }: Memory, held: number): NodeMemory => ({
  ramTotal: Math.floor(ramTotal),
  ramAvailable: Math.floor(Math.max(0, Math.min(ramAvailable, limit - held))),
  heldByRunners: Math.floor(held),
})

/** This machine. Constant facts are read once, interface types when interfaces come or go. */
export const thisMachine = (options: MachineOptions): Machine => {
  const platform = options.platform ?? process.platform
  const reader = options.reader ?? readerFor(platform)
  const { mayProbe = () => true, now = () => performance.now() } = options
  let fixed: Promise<Pick<MachineFacts, 'chip' | 'memoryBandwidth' | 'os'>> | undefined
  let types: { readonly names: string; readonly byName: ReadonlyMap<string, InterfaceType> } | undefined
  let lastLoad: { readonly at: number; readonly times: CpuTimes; readonly load: number } | undefined
  let knownModel: MachineFacts['model']
  let notify = (): void => undefined
  const background = { now, onRead: () => notify() }
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

  /** Load since the last reading that was long enough ago; for the first one, since boot. */
  const readLoad = async (): Promise<number> => {
    const at = now()
    if (lastLoad && at - lastLoad.at < LOAD_MS) return lastLoad.load
    const times = await reader.cpuTimes()
    const load = loadBetween(lastLoad?.times ?? { busy: 0, total: 0 }, times) ?? lastLoad?.load ?? 0
    lastLoad = { at, times, load }
    return load
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
      notify = listener
    },
  }
}
