import type { CpuInfo } from 'node:os'
import type { CpuTimes } from './facts'

/** Sums the times of all processors since boot. */
export const sumCpuTimes = (processors: readonly CpuInfo[]): CpuTimes => {
  let busy = 0
  let total = 0
  for (const { times } of processors) {
    busy += times.user + times.nice + times.sys + times.irq
    total += times.user + times.nice + times.sys + times.irq + times.idle
  }
  return { busy, total }
}

/** Load between two readings, 0 to 1; undefined if no time has passed between them. */
export const loadBetween = (earlier: CpuTimes, later: CpuTimes): number | undefined => {
  const total = later.total - earlier.total
  return total > 0 ? Math.min(1, Math.max(0, (later.busy - earlier.busy) / total)) : undefined
}
