export const USAGE = 'usage: npm run chaos -- [SCHEDULES [FIRST_SEED]]'

export interface Range {
  readonly schedules: number
  readonly firstSeed: number
}

const DEFAULTS: Range = { schedules: 5000, firstSeed: 1 }

/** Seeds have 32 bits; `Random` accepts no larger ones. */
const MOST_SEEDS = 2 ** 32

/** Parses the command line, or says what is wrong with it. */
export const readArguments = (given: readonly string[]): Range | { readonly problem: string } => {
  const problems = given.flatMap((text, at) => {
    const name = ['SCHEDULES', 'FIRST_SEED'][at]
    if (name === undefined) return [`there is nothing to take ${JSON.stringify(text)}`]
    const [least, value] = [at === 0 ? 1 : 0, /^\d+$/.test(text) ? Number(text) : NaN]
    return value >= least && value < MOST_SEEDS
      ? []
      : [`${name} is a whole number from ${least} to ${MOST_SEEDS - 1}, not ${JSON.stringify(text)}`]
  })
  if (problems.length > 0) return { problem: problems.join('; ') }
  const [schedules = DEFAULTS.schedules, firstSeed = DEFAULTS.firstSeed] = given.map(Number)
  return { schedules, firstSeed }
}
