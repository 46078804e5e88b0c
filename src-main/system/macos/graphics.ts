/** Facts about the GPU, from `ioreg -r -d 1 -w 0 -c AGXAccelerator`. */
export interface Graphics {
  readonly cores?: number
  /** 0 to 1. */
  readonly load?: number
}

const number = (text: string, pattern: RegExp): number | undefined => {
  const found = pattern.exec(text)?.[1]
  return found === undefined ? undefined : Number(found)
}

/** Parses the output. A load above 100 % is a faulty reading. */
export const parseGraphics = (text: string): Graphics => {
  const cores = number(text, /"gpu-core-count"\s*=\s*(\d+)/)
  const percent = number(text, /"Device Utilization %"\s*=\s*(\d+)/)
  return {
    ...(cores !== undefined && { cores }),
    ...(percent !== undefined && percent <= 100 && { load: percent / 100 }),
  }
}
