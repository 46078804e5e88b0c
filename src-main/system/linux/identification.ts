/** The processor's name from /proc/cpuinfo. Most ARM machines give none. */
export const parseCpuModel = (text: string): string | undefined =>
  /^(?:model name|Model|cpu model)\s*:\s*(.+)$/m
    .exec(text)?.[1]
    ?.replace(/\((?:R|TM)\)/gi, '')
    .replace(/\s+/g, ' ')
    .trim()

/** The system's name from /etc/os-release, which has shell syntax. */
export const parseOsRelease = (text: string): string | undefined => {
  const value = /^PRETTY_NAME=(.+)$/m.exec(text)?.[1]?.trim()
  return value?.replace(/^(['"])(.*)\1$/, '$2').replace(/\\(.)/g, '$1')
}
