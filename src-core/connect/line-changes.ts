/** A line of a diff. */
export interface ChangedLine {
  readonly kind: 'same' | 'added' | 'removed'
  readonly text: string
}

/** Longer texts are not compared: all lines are shown as removed and added. */
const MAX_LINES = 3000

const linesOf = (text: string): string[] => (text === '' ? [] : text.replace(/\n$/, '').split('\n'))

/** Table of the longest common subsequence's length of the suffixes at each pair of positions. */
const commonAfter = (before: readonly string[], after: readonly string[]): number[][] => {
  const table = Array.from({ length: before.length + 1 }, () => new Array<number>(after.length + 1).fill(0))
  for (let i = before.length - 1; i >= 0; i -= 1)
    for (let j = after.length - 1; j >= 0; j -= 1) {
      const [row, next] = [table[i] ?? [], table[i + 1] ?? []]
      row[j] = before[i] === after[j] ? 1 + (next[j + 1] ?? 0) : Math.max(next[j] ?? 0, row[j + 1] ?? 0)
    }
  return table
}

const tagged = (kind: ChangedLine['kind'], lines: readonly string[]): ChangedLine[] =>
  lines.map((text) => ({ kind, text }))

/** Diffs two texts; returns every line of both, in order. */
export const lineChanges = (before: string, after: string): readonly ChangedLine[] => {
  const [old, now] = [linesOf(before), linesOf(after)]
  if (old.length > MAX_LINES || now.length > MAX_LINES) return [...tagged('removed', old), ...tagged('added', now)]
  const common = commonAfter(old, now)
  const lines: ChangedLine[] = []
  let [i, j] = [0, 0]
  for (let [a, b] = [old[i], now[j]]; a !== undefined && b !== undefined; [a, b] = [old[i], now[j]]) {
    if (a === b) {
      lines.push({ kind: 'same', text: a })
      i += 1
      j += 1
    } else if ((common[i + 1]?.[j] ?? 0) >= (common[i]?.[j + 1] ?? 0)) {
      lines.push({ kind: 'removed', text: a })
      i += 1
    } else {
      lines.push({ kind: 'added', text: b })
      j += 1
    }
  }
  return [...lines, ...tagged('removed', old.slice(i)), ...tagged('added', now.slice(j))]
}

const CONTEXT = 2

/** Keeps changed lines and their context; replaces each run of other lines by a single `…`. */
export const withContext = (lines: readonly ChangedLine[]): readonly ChangedLine[] => {
  const near = lines.map((_, at) =>
    lines.slice(Math.max(0, at - CONTEXT), at + CONTEXT + 1).some(({ kind }) => kind !== 'same'),
  )
  return lines.flatMap((line, at): ChangedLine[] => {
    if (near[at]) return [line]
    return at === 0 || near[at - 1] ? [{ kind: 'same', text: '…' }] : []
  })
}

const SECRET =
  /(["']?[\w.-]*(?:key|token|secret|password|authorization)[\w.-]*["']?\s*[:=]\s*)(["']?)([^"',\s][^"',]*)/gi

/** Masks values that look like secrets. */
export const withoutSecrets = (lines: readonly ChangedLine[]): readonly ChangedLine[] =>
  lines.map((line) => ({ ...line, text: line.text.replace(SECRET, '$1$2••••') }))
