import type { InterfaceType, NodeInfo } from '@core/state/nodes'
import type { RdmaFacts } from '@core/state/rdma'
import type { ThunderboltFacts } from '@core/state/thunderbolt'

type System = NonNullable<NodeInfo['system']>

/** What a machine can say about itself without knowing what runs on it. */
export type MachineFacts = Pick<
  NodeInfo,
  'chip' | 'model' | 'memory' | 'memoryBandwidth' | 'disk' | 'system' | 'network' | 'thunderbolt' | 'rdma' | 'os'
>

/** Ticks of all processors together since the system started, in any unit. */
export interface CpuTimes {
  readonly busy: number
  readonly total: number
}

export interface Memory {
  readonly ramTotal: number
  readonly ramAvailable: number
  /** Bytes that models may take altogether, where that is less than all of it. */
  readonly limit?: number
}

/** How hard a machine works, and how warm it gets. */
export type Sensors = Pick<System, 'gpuLoad' | 'temperature' | 'powerWatts' | 'memoryPressure'>

export interface PortFacts {
  readonly thunderbolt: ThunderboltFacts
  readonly rdma: RdmaFacts
}

/** What can be seen of ports at a glance. */
export interface PortsGlance {
  /** Another one whenever a cable, an address or a bridge came or went. */
  readonly mark: string
  /** What was read earlier, as far as it cannot be true any more: a port that nothing is plugged into is down. */
  correct(facts: PortFacts): PortFacts
}

/** Ports for cables from machine to machine, and what they carry. Reading them takes seconds. */
export interface PortsReader {
  /** Quickly told. */
  glance(): Promise<PortsGlance>
  /** Undefined, or rejects, where it failed. Without `mayProbe` no device is opened, and of each the last that was learnt is told. */
  read(options: { readonly mayProbe: boolean }): Promise<PortFacts | undefined>
}

/** What differs between systems. Answers are best efforts: what cannot be read is left out, never an error. */
export interface PlatformReader {
  /** Asked once. */
  chip(): Promise<{ readonly name: string; readonly memoryBandwidth?: number }>
  /** Asked once: `macOS 26.5.1`, `Debian GNU/Linux 12 (bookworm)`; where the system counts so, version and build. */
  os(): Promise<{ readonly name: string; readonly version?: string; readonly build?: string }>
  /** Asked once, and slow. */
  readonly model?: () => Promise<NodeInfo['model']>
  memory(): Promise<Memory>
  cpuTimes(): Promise<CpuTimes>
  /** Asked when interfaces come or go. */
  interfaceTypes(names: readonly string[]): Promise<ReadonlyMap<string, InterfaceType>>
  /** Quick ones. */
  readonly sensors?: () => Promise<Sensors>
  /** Those that take a moment. */
  readonly slowSensors?: () => Promise<Sensors | undefined>
  readonly ports?: PortsReader
}
