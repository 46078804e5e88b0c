const UNITS = [
  { unit: 's', milliseconds: 1000, below: 60_000 },
  { unit: 'min', milliseconds: 60_000, below: 2 * 3_600_000 },
  { unit: 'h', milliseconds: 3_600_000, below: 2 * 86_400_000 },
] as const

/** A time between two clocks, rounded to the unit in which people would say it; the texts name the units. */
export interface ClockDifference {
  readonly unit: 's' | 'min' | 'h' | 'd'
  readonly amount: string
}

/** `milliseconds`: with either sign. */
export const clockDifference = (milliseconds: number): ClockDifference => {
  const much = Math.abs(milliseconds)
  const { unit, milliseconds: each } = UNITS.find(({ below }) => much < below) ?? {
    unit: 'd' as const,
    milliseconds: 86_400_000,
  }
  return { unit, amount: String(Math.round(much / each)) }
}
