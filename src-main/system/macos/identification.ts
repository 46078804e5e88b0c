/** Reads `sw_vers`: `macOS 26.5.1`, with the letter of a rapid response where there is one. */
export const parseSwVers = (text: string): string | undefined => {
  const field = (name: string): string | undefined => new RegExp(`^${name}:\\s*(.+)$`, 'm').exec(text)?.[1]?.trim()
  const version = field('ProductVersion')
  if (version === undefined) return undefined
  const extra = field('ProductVersionExtra')
  return `${field('ProductName') ?? 'macOS'} ${version}${extra === undefined ? '' : ` ${extra}`}`
}

/** The number of GPU cores in what `ioreg -r -d 1 -c AGXAccelerator` prints. */
export const parseGpuCores = (text: string): number | undefined => {
  const cores = /"gpu-core-count" = (\d+)/.exec(text)?.[1]
  return cores === undefined ? undefined : Number(cores)
}
