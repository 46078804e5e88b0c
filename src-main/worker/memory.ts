import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

const KILOBYTE = 1024

const fromProc = async (pid: number): Promise<number> => {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return KILOBYTE * Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0)
}

const fromPs = async (pid: number): Promise<number> => {
  const { stdout } = await run('ps', ['-o', 'rss=', '-p', String(pid)], { timeout: 2000 })
  return KILOBYTE * Number(stdout.trim())
}

/** Resident memory of a process in bytes; 0 if it is gone. */
export const residentBytes = async (pid: number): Promise<number> => {
  try {
    return await (process.platform === 'linux' ? fromProc(pid) : fromPs(pid))
  } catch {
    return 0
  }
}
