import type { InterfaceType, NodeInfo } from '@core/state/nodes'
import type { RdmaFacts } from '@core/state/rdma'
import type { ThunderboltFacts } from '@core/state/thunderbolt'

type System = NonNullable<NodeInfo['system']>

/** A machine's facts about itself, independent of what runs on it. */
export type MachineFacts = Pick<
  NodeInfo,
  'chip' | 'model' | 'memory' | 'memoryBandwidth' | 'disk' | 'system' | 'network' | 'thunderbolt' | 'rdma' | 'os'
>

/** Ticks of all processors together since boot, in any unit. */
export interface CpuTimes {
  readonly busy: number
  readonly total: number
}

export interface Memory {
  readonly ramTotal: number
  readonly ramAvailable: number
  /** Bytes that models may use in total, if less than all memory. */
  readonly limit?: number
}

/** Load, temperature, power. */
export type Sensors = Pick<System, 'gpuLoad' | 'temperature' | 'powerWatts' | 'memoryPressure'>

export interface PortFacts {
  readonly thunderbolt: ThunderboltFacts
  readonly rdma: RdmaFacts
}

/** A quick reading of the ports. */
export interface PortsGlance {
  /** Changes whenever a cable, an address or a bridge comes or goes. */
  readonly mark: string
  /** Corrects an earlier full reading where the glance contradicts it: a port with nothing plugged in is down. */
  correct(facts: PortFacts): PortFacts
}

/** Ports that connect machines, and what runs over them. A full reading takes seconds. */
export interface PortsReader {
  /** The quick reading. */
  glance(): Promise<PortsGlance>
  /**
   * The full reading. Undefined, or rejects, if it failed. Without `mayProbe` no device is opened: each has the values
   * of its last probe.
   */
  read(options: { readonly mayProbe: boolean }): Promise<PortFacts | undefined>
}

/** The system-specific readings. Best effort: what cannot be read is left out, never an error. */
export interface PlatformReader {
  /** Called once. */
  chip(): Promise<{ readonly name: string; readonly memoryBandwidth?: number }>
  /** Called once: `macOS 26.5.1`, `Debian GNU/Linux 12 (bookworm)`; version and build where the system has them. */
  os(): Promise<{ readonly name: string; readonly version?: string; readonly build?: string }>
  /** Called until it answers; slow. */
  readonly model?: () => Promise<NodeInfo['model']>
  memory(): Promise<Memory>
  cpuTimes(): Promise<CpuTimes>
  /** Called when interfaces come or go. */
  interfaceTypes(names: readonly string[]): Promise<ReadonlyMap<string, InterfaceType>>
  /** Quick sensors, read each time. */
  readonly sensors?: () => Promise<Sensors>
  /** Slow sensors, read in the background. */
  readonly slowSensors?: () => Promise<Sensors | undefined>
  readonly ports?: PortsReader
}
