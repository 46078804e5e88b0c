const MB = 1024 * 1024
const GIB = 1024 * MB

/**
 * Bytes that the GPU may hold at once. Without a user limit (`iogpu.wired_limit_mb`, 0 for none) Metal recommends two
 * thirds of memory on machines below 36 GB and three quarters on larger ones (recommendedMaxWorkingSetSize as machines
 * print it: 10.7 of 16 GB, 21.3 of 32, 48 of 64, 72 of 96). The newest systems allow somewhat more on large machines;
 * the lower figure is safe.
 */
export const gpuMemoryLimit = (ramTotal: number, wiredLimitMb: number | undefined): number => {
  if (wiredLimitMb !== undefined && wiredLimitMb > 0) return Math.min(ramTotal, wiredLimitMb * MB)
  return Math.floor(ramTotal < 36 * GIB ? (ramTotal * 2) / 3 : (ramTotal * 3) / 4)
}
