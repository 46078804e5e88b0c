import { cpus, freemem, release, totalmem, type as systemType } from 'node:os'
import { sumCpuTimes } from './cpu-times'
import type { PlatformReader } from './facts'

/** Reads what Node itself offers, on systems without a reader of their own. */
export const portableReader = (): PlatformReader => ({
  chip: () => Promise.resolve({ name: cpus()[0]?.model.trim() ?? 'unknown' }),
  os: () => Promise.resolve({ name: `${systemType()} ${release()}` }),
  memory: () => Promise.resolve({ ramTotal: totalmem(), ramAvailable: freemem() }),
  cpuTimes: () => Promise.resolve(sumCpuTimes(cpus())),
  interfaceTypes: () => Promise.resolve(new Map()),
})
