/**
 * Memory bandwidth of Apple's chips in bytes per second, as Apple states it (1 GB = 10^9 bytes) in the technical
 * specifications of each Mac (support.apple.com/specs) and the chips' press releases on apple.com/newsroom: M1 2020-11,
 * M1 Pro and Max 2021-10, M1 Ultra 2022-03, M2 2022-06, M2 Pro and Max 2023-01, M2 Ultra 2023-06, M3 family 2023-10, M4
 * 2024-05, M4 Pro and Max 2024-10, M3 Ultra 2025-03, M5 2025-10, M5 Pro and Max 2026-03. Apple states no figure for the
 * M1; its 68.25 is LPDDR4X-4266 on 128 bits.
 *
 * Where a chip is sold with some memory controllers disabled, the number of GPU cores identifies the variant.
 */
const GB = 1e9

interface Chip {
  readonly bytesPerSecond: number
  /** Faster variants of the chip, by the smallest number of GPU cores they have. */
  readonly withGpuCores?: readonly { readonly atLeast: number; readonly bytesPerSecond: number }[]
}

const chips: Readonly<Record<string, Chip>> = {
  'Apple M1': { bytesPerSecond: 68.25 * GB },
  'Apple M1 Pro': { bytesPerSecond: 200 * GB },
  'Apple M1 Max': { bytesPerSecond: 400 * GB },
  'Apple M1 Ultra': { bytesPerSecond: 800 * GB },
  'Apple M2': { bytesPerSecond: 100 * GB },
  'Apple M2 Pro': { bytesPerSecond: 200 * GB },
  'Apple M2 Max': { bytesPerSecond: 400 * GB },
  'Apple M2 Ultra': { bytesPerSecond: 800 * GB },
  'Apple M3': { bytesPerSecond: 100 * GB },
  'Apple M3 Pro': { bytesPerSecond: 150 * GB },
  'Apple M3 Max': { bytesPerSecond: 300 * GB, withGpuCores: [{ atLeast: 40, bytesPerSecond: 400 * GB }] },
  'Apple M3 Ultra': { bytesPerSecond: 819 * GB },
  'Apple M4': { bytesPerSecond: 120 * GB },
  'Apple M4 Pro': { bytesPerSecond: 273 * GB },
  'Apple M4 Max': { bytesPerSecond: 410 * GB, withGpuCores: [{ atLeast: 40, bytesPerSecond: 546 * GB }] },
  'Apple M5': { bytesPerSecond: 153 * GB },
  'Apple M5 Pro': { bytesPerSecond: 307 * GB },
  'Apple M5 Max': { bytesPerSecond: 460 * GB, withGpuCores: [{ atLeast: 40, bytesPerSecond: 614 * GB }] },
}

/**
 * Returns a chip's memory bandwidth in bytes per second, or undefined for a chip that is not listed. Without a GPU core
 * count the slower variant is assumed: a prediction should err low.
 *
 * @param chip as the system names it, `Apple M4 Max`
 */
export const memoryBandwidthOf = (chip: string, gpuCores?: number): number | undefined => {
  const name = chip.trim()
  const known = Object.hasOwn(chips, name) ? chips[name] : undefined
  if (!known) return undefined
  let best = known.bytesPerSecond
  for (const part of known.withGpuCores ?? []) {
    if (gpuCores !== undefined && gpuCores >= part.atLeast) best = Math.max(best, part.bytesPerSecond)
  }
  return best
}
