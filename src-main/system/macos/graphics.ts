/** What `ioreg -r -d 1 -w 0 -c AGXAccelerator` tells of the graphics processor. */
export interface Graphics {
  readonly cores?: number
  /** 0 to 1. */
  readonly load?: number
}

const number = (text: string, pattern: RegExp): number | undefined => {
  const found = pattern.exec(text)?.[1]
  return found === undefined ? undefined : Number(found)
}

/** Reads it. A load beyond 100 % is a reading that went wrong. */
export const parseGraphics = (text: string): Graphics => {
  const cores = number(text, /"gpu-core-count"\s*=\s*(\d+)/)
  const percent = number(text, /"Device Utilization %"\s*=\s*(\d+)/)
  return {
    ...(cores !== undefined && { cores }),
    ...(percent !== undefined && percent <= 100 && { load: percent / 100 }),
  }
}
