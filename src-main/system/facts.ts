import type { InterfaceType, NodeInfo } from '@core/state/nodes'

/** What a machine can say about itself without knowing what runs on it. */
export type MachineFacts = Pick<NodeInfo, 'chip' | 'memory' | 'memoryBandwidth' | 'disk' | 'system' | 'network' | 'os'>

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

/** What differs between systems. Answers are best efforts: what cannot be read is left out, never an error. */
export interface PlatformReader {
  /** Asked once. */
  chip(): Promise<{ readonly name: string; readonly memoryBandwidth?: number }>
  /** Asked once: `macOS 26.5.1`, `Debian GNU/Linux 12 (bookworm)`. */
  osName(): Promise<string>
  memory(): Promise<Memory>
  cpuTimes(): Promise<CpuTimes>
  /** Asked when interfaces come or go. */
  interfaceTypes(names: readonly string[]): Promise<ReadonlyMap<string, InterfaceType>>
}
