import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Bytes that these processes hold in memory; 0 for those that are gone. */
export const residentBytes = async (pids: readonly number[]): Promise<number> => {
  if (pids.length === 0) return 0
  try {
    const { stdout } = await run('ps', ['-o', 'rss=', '-p', pids.join(',')], { timeout: 2000 })
    return stdout.split('\n').reduce((sum, line) => sum + 1024 * Number(line.trim() || 0), 0)
  } catch {
    return 0
  }
}
