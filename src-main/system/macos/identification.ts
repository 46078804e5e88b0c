/** The content of `sw_vers`. */
export interface SystemVersion {
  /** For people: `macOS 26.5.1`, with the letter of a rapid security response if any. */
  readonly name: string
  readonly version: string
  readonly build?: string
}

/** Parses `sw_vers`. */
export const parseSwVers = (text: string): SystemVersion | undefined => {
  const field = (name: string): string | undefined => new RegExp(`^${name}:\\s*(.+)$`, 'm').exec(text)?.[1]?.trim()
  const version = field('ProductVersion')
  if (version === undefined) return undefined
  const extra = field('ProductVersionExtra')
  const build = field('BuildVersion')
  return {
    name: `${field('ProductName') ?? 'macOS'} ${version}${extra === undefined ? '' : ` ${extra}`}`,
    version,
    ...(build !== undefined && { build }),
  }
}
