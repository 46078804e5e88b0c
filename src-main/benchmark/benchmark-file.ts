import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { Benchmark } from '@core/protocols/benchmark'
import { replaceFile } from '../disk/replace-file'

/** The oldest go first. */
const MOST_KEPT = 50

/** Those that were kept, newest first; a file that cannot be read is begun anew. */
export const readBenchmarks = async (path: string): Promise<Benchmark[]> => {
  try {
    const parsed = z.array(Benchmark).safeParse(JSON.parse(await readFile(path, 'utf8')))
    return parsed.success ? parsed.data : []
  } catch {
    return []
  }
}

export const keepBenchmarks = (path: string, benchmarks: readonly Benchmark[]): Promise<void> =>
  replaceFile(path, JSON.stringify(benchmarks.slice(0, MOST_KEPT)))

/** The same list with this one in front, no longer than is kept. */
export const withLatest = (latest: Benchmark, before: readonly Benchmark[]): Benchmark[] =>
  [latest, ...before.filter(({ benchmarkId }) => benchmarkId !== latest.benchmarkId)].slice(0, MOST_KEPT)
