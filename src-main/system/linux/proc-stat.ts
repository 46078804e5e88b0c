import type { CpuTimes } from '../facts'

/**
 * Parses the first line of /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal (guest time is already in
 * user). One line covers all processors, where os.cpus() reads several files for each.
 */
export const parseProcStat = (text: string): CpuTimes | undefined => {
  const ticks = /^cpu +(.*)$/m.exec(text)?.[1]?.trim().split(/\s+/).slice(0, 8).map(Number)
  if (!ticks || ticks.length < 4 || ticks.some(Number.isNaN)) return undefined
  const total = ticks.reduce((sum, tick) => sum + tick, 0)
  return { total, busy: total - (ticks[3] ?? 0) - (ticks[4] ?? 0) }
}
