import type { MachineFacts } from './facts'

const MEMORY_SHARE = 0.02
const LOAD_STEP = 0.05
const DISK_SHARE = 0.01
const TEMPERATURE_STEP = 5
const POWER_STEP = 5

/** Values that change all the time, with the difference that is worth a report. */
const settled = ({ memory, system, disk, ...rest }: MachineFacts): string =>
  JSON.stringify([
    rest,
    memory.ramTotal,
    system?.memoryPressure,
    [system?.gpuLoad, system?.temperature, system?.powerWatts].map((figure) => figure === undefined),
    disk?.totalBytes,
  ])

const differ = (a: number | undefined, b: number | undefined, by: number): boolean =>
  Math.abs((a ?? 0) - (b ?? 0)) >= by

/**
 * Whether a change is worth reporting: memory by 2 % of all, load by 5 %, disk by 1 % of all, 5 degrees, 5 watts, or
 * any other change. Compared with the last report, so that slow changes add up, and by distance, so that a value that
 * oscillates around a step is not reported each time.
 */
export const isSignificant = (reported: MachineFacts, now: MachineFacts): boolean =>
  settled(reported) !== settled(now) ||
  differ(reported.memory.ramAvailable, now.memory.ramAvailable, MEMORY_SHARE * now.memory.ramTotal) ||
  differ(reported.memory.heldByRunners, now.memory.heldByRunners, MEMORY_SHARE * now.memory.ramTotal) ||
  differ(reported.system?.cpuLoad, now.system?.cpuLoad, LOAD_STEP) ||
  differ(reported.system?.gpuLoad, now.system?.gpuLoad, LOAD_STEP) ||
  differ(reported.system?.temperature, now.system?.temperature, TEMPERATURE_STEP) ||
  differ(reported.system?.powerWatts, now.system?.powerWatts, POWER_STEP) ||
  differ(reported.disk?.freeBytes, now.disk?.freeBytes, DISK_SHARE * (now.disk?.totalBytes ?? Infinity))

const inLoadSteps = (load: number): number => Math.round(load / LOAD_STEP) / (1 / LOAD_STEP)

/** Rounds facts for reporting: loads to 5 %, degrees and watts to integers. */
export const inSteps = (facts: MachineFacts): MachineFacts => {
  const { system } = facts
  if (!system) return facts
  const { cpuLoad, gpuLoad, temperature, powerWatts } = system
  return {
    ...facts,
    system: {
      ...system,
      cpuLoad: inLoadSteps(cpuLoad),
      ...(gpuLoad !== undefined && { gpuLoad: inLoadSteps(gpuLoad) }),
      ...(temperature !== undefined && { temperature: Math.round(temperature) }),
      ...(powerWatts !== undefined && { powerWatts: Math.round(powerWatts) }),
    },
  }
}
