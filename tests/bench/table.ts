import type { Bench } from './report'

const HEADINGS = ['', 'measured', 'target', '', 'runs']

/** All benchmarks as one table, in columns of equal width. */
export function table(benches: readonly Bench[]): string {
  const lines = [
    HEADINGS,
    ...benches.flatMap(({ name, rows }) => [
      [name],
      ...rows.map(({ figure, value, target = '', ok, noise = '' }) => [
        `  ${figure}`,
        value,
        target,
        verdict(ok),
        noise,
      ]),
    ]),
  ]
  const widths = HEADINGS.map((_, column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)))
  return lines
    .map((cells) =>
      cells
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

const verdict = (ok: boolean | undefined): string => (ok === undefined ? '' : ok ? 'reached' : 'MISSED')
