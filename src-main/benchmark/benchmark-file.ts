import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { Benchmark } from '@core/protocols/benchmark'
import { replaceFile } from '../disk/replace-file'

/** Number of benchmarks kept; the oldest are dropped first. */
const MOST_KEPT = 50

/** Reads the kept benchmarks, newest first; an unreadable file counts as empty. */
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

/** Prepends a benchmark and cuts the list to its maximum length. */
export const withLatest = (latest: Benchmark, before: readonly Benchmark[]): Benchmark[] =>
  [latest, ...before.filter(({ benchmarkId }) => benchmarkId !== latest.benchmarkId)].slice(0, MOST_KEPT)
