/**
 * Bytes that macOS could give without swapping, from `vm_stat`: free pages, pages that are copies of files
 * (speculative ones are among them) and purgeable ones. What Activity Monitor counts as used is the rest.
 * Inactive pages are not counted as such: those of programs would have to be compressed first.
 */
export const parseVmStat = (text: string): number | undefined => {
  const pageSize = Number(/page size of (\d+) bytes/.exec(text)?.[1])
  const pages = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+)\\.`, 'm').exec(text)?.[1] ?? Number.NaN)
  const available = (pages('Pages free') + pages('File-backed pages') + pages('Pages purgeable')) * pageSize
  return Number.isFinite(available) ? available : undefined
}
