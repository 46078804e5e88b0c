/** Limit of suggestions in a hint. */
const MOST = 3

/** Damerau-Levenshtein distance (optimal string alignment): insertions, deletions, replacements, swapped neighbours. */
const distanceBetween = (a: string, b: string): number => {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, at) => at)]
  const at = (row: number, column: number): number => rows[row]?.[column] ?? Infinity
  for (let row = 1; row <= a.length; row += 1) {
    rows[row] = [row]
    for (let column = 1; column <= b.length; column += 1) {
      const replaced = at(row - 1, column - 1) + (a[row - 1] === b[column - 1] ? 0 : 1)
      const isSwapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      const swapped = isSwapped ? at(row - 2, column - 2) + 1 : Infinity
      rows[row]?.push(Math.min(at(row - 1, column) + 1, at(row, column - 1) + 1, replaced, swapped))
    }
  }
  return at(a.length, b.length)
}

/**
 * Returns candidates for a mistyped name, nearest first: those that contain it and those whose edit distance is at most
 * a third of its length.
 */
export const similarNames = (names: readonly string[], typed: string): readonly string[] => {
  const key = typed.toLowerCase()
  if (key.length < 2) return []
  const rated = [...new Set(names)].map((name) => {
    const whole = name.toLowerCase()
    const short = whole.slice(whole.lastIndexOf('/') + 1)
    const far = Math.min(...[whole, short].map((one) => distanceBetween(one, key)))
    return { name, far: whole.includes(key) ? 0 : far }
  })
  return rated
    .filter(({ far }) => far <= key.length / 3)
    .sort((one, other) => one.far - other.far)
    .slice(0, MOST)
    .map(({ name }) => name)
}
