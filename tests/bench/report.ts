/** One line of the table. */
export interface Row {
  readonly figure: string
  readonly value: string
  readonly target?: string
  readonly ok?: boolean
  /** How far the runs lay apart. */
  readonly noise?: string
}

export interface Bench {
  readonly name: string
  readonly rows: readonly Row[]
}

interface Target {
  readonly value: number
  readonly unit?: string
  readonly atMost?: number
  readonly atLeast?: number
  readonly noise?: string
}

/** A row with its target, where it has one. */
export const figure = (name: string, value: string, target?: Target): Row => {
  if (!target) return { figure: name, value }
  const { atMost, atLeast, unit = '', noise } = target
  const limits = [
    ...(atMost === undefined ? [] : [`≤ ${atMost} ${unit}`.trim()]),
    ...(atLeast === undefined ? [] : [`≥ ${atLeast} ${unit}`.trim()]),
  ]
  const ok = (atMost === undefined || target.value <= atMost) && (atLeast === undefined || target.value >= atLeast)
  return {
    figure: name,
    value,
    ...(limits.length > 0 && { target: limits.join(', '), ok }),
    ...(noise !== undefined && { noise }),
  }
}

const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b)

export const median = (values: readonly number[]): number => {
  const all = sorted(values)
  const middle = Math.floor(all.length / 2)
  const upper = all[middle] ?? NaN
  return all.length % 2 === 1 ? upper : ((all[middle - 1] ?? NaN) + upper) / 2
}

/** `min–max of n runs`. */
export const spread = (values: readonly number[], digits = 2): string => {
  const all = sorted(values)
  return `${(all[0] ?? NaN).toFixed(digits)}–${(all.at(-1) ?? NaN).toFixed(digits)} of ${all.length}`
}

export const seconds = (value: number): string => `${value.toFixed(value < 0.1 ? 3 : 2)} s`
export const milliseconds = (value: number): string => `${value.toFixed(2)} ms`
