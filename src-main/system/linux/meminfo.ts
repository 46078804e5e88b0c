import type { Memory } from '../facts'

/** Parses /proc/meminfo, whose "kB" are KiB. */
export const parseMeminfo = (text: string): Memory | undefined => {
  const bytes = (name: string): number | undefined => {
    const match = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)
    return match ? Number(match[1]) * 1024 : undefined
  }
  const ramTotal = bytes('MemTotal')
  const ramAvailable = bytes('MemAvailable')
  return ramTotal === undefined || ramAvailable === undefined ? undefined : { ramTotal, ramAvailable }
}
