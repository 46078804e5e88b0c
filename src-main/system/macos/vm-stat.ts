/**
 * Bytes that macOS could free without swapping, from `vm_stat`: free, file-backed (including speculative) and purgeable
 * pages. The rest is what Activity Monitor counts as used. Inactive pages are not counted: those of programs would have
 * to be compressed first.
 */
export const parseVmStat = (text: string): number | undefined => {
  const pageSize = Number(/page size of (\d+) bytes/.exec(text)?.[1])
  const pages = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+)\\.`, 'm').exec(text)?.[1] ?? Number.NaN)
  const available = (pages('Pages free') + pages('File-backed pages') + pages('Pages purgeable')) * pageSize
  return Number.isFinite(available) ? available : undefined
}
