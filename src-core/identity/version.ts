/** Numbers of `MAJOR.MINOR.PATCH`, and the identifiers of a pre-release; undefined for anything else. */
const parsed = (version: string): { numbers: number[]; pre: string[] } | undefined => {
  const [, core = '', pre = ''] = /^v?(\d+\.\d+\.\d+)(?:-([0-9A-Za-z.-]+))?(?:\+.*)?$/.exec(version) ?? []
  return core === '' ? undefined : { numbers: core.split('.').map(Number), pre: pre === '' ? [] : pre.split('.') }
}

/** Numbers before words, numbers by value, words by their characters; the shorter list first. */
const comparePre = (a: readonly string[], b: readonly string[]): number => {
  // A release comes after its pre-releases.
  if (a.length === 0 || b.length === 0) return b.length - a.length
  for (const [at, one] of a.entries()) {
    const other = b[at]
    if (other === undefined) return 1
    if (one === other) continue
    const [x, y] = [/^\d+$/.test(one), /^\d+$/.test(other)]
    if (x && y) return Number(one) - Number(other)
    if (x !== y) return x ? -1 : 1
    return one < other ? -1 : 1
  }
  return a.length - b.length
}

/**
 * Orders two versions by Semantic Versioning: negative if `a` is older, 0 if neither is known to be.
 */
export const compareVersions = (a: string, b: string): number => {
  const [one, other] = [parsed(a), parsed(b)]
  if (!one || !other) return 0
  for (const [at, number] of one.numbers.entries()) {
    const difference = number - (other.numbers[at] ?? 0)
    if (difference !== 0) return difference
  }
  return comparePre(one.pre, other.pre)
}
