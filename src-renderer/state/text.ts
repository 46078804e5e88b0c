const GIGABYTE = 1e9
const MEGABYTE = 1e6

/** `8.2 GB`, `142 GB`, `740 KB`: as people say sizes. */
export const bytesText = (bytes: number): string => {
  if (bytes >= GIGABYTE) return `${(bytes / GIGABYTE).toFixed(bytes >= 10 * GIGABYTE ? 0 : 1)} GB`
  if (bytes >= MEGABYTE) return `${Math.round(bytes / MEGABYTE)} MB`
  return `${Math.round(bytes / 1000)} KB`
}

export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

/** `just now`, `4 min ago`, `2 h ago`. */
export const agoText = (then: number, now: number): string => {
  const seconds = Math.max(0, Math.round((now - then) / 1000))
  if (seconds < 10) return 'just now'
  if (seconds < 60) return `${seconds} s ago`
  const minutes = Math.round(seconds / 60)
  return minutes < 60 ? `${minutes} min ago` : `${Math.round(minutes / 60)} h ago`
}

/** A model's id without its owner. */
export const shortName = (modelId: string): string => modelId.split('/').at(-1) ?? modelId

/** `34 tokens/s`, with a digit more where it is slow. */
export const speedText = (tokensPerSecond: number): string =>
  `${tokensPerSecond >= 10 ? Math.round(tokensPerSecond) : tokensPerSecond.toFixed(1)} tokens/s`
