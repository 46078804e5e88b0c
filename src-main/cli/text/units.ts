const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Formats bytes in decimal units: `8.0 GB`. */
export const bytesText = (bytes: number): string => {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'] as const
  let value = bytes
  let unit = 0
  // 999.95 MB would be rounded to 1000.0 MB.
  while (value >= 999.95 && unit < units.length - 1) {
    value /= 1000
    unit += 1
  }
  return `${value.toFixed(unit === 0 ? 0 : 1)} ${units[unit] ?? ''}`
}

/** `25.0 MB/s` */
export const rateText = (bytesPerSecond: number): string => `${bytesText(bytesPerSecond)}/s`

/** Formats a duration with its two largest units: `45 s`, `3 min 20 s`, `2 h 5 min`, `4 d 3 h`. */
export const durationText = (seconds: number): string => {
  const whole = Math.max(0, Math.round(seconds))
  const both = (unit: number, name: string, smaller: number, smallerName: string): string => {
    const rest = Math.floor((whole % unit) / smaller)
    return `${Math.floor(whole / unit)} ${name}${rest === 0 ? '' : ` ${rest} ${smallerName}`}`
  }
  if (whole < MINUTE) return `${whole} s`
  if (whole < HOUR) return both(MINUTE, 'min', 1, 's')
  if (whole < DAY) return both(HOUR, 'h', MINUTE, 'min')
  return both(DAY, 'd', HOUR, 'h')
}

/** Formats local time without the zone: `2026-11-28 12:30:05`. */
export const timeText = (at: number): string => {
  const date = new Date(at)
  const two = (part: number): string => String(part).padStart(2, '0')
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-')
  return `${day} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')}`
}

/** `1 model`, `2 models` */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`
