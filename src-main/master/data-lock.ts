import { execFileSync } from 'node:child_process'
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { MasterError } from './errors'

const Holder = z.object({ pid: z.number().int().positive(), startedAt: z.number() })
type Holder = z.infer<typeof Holder>

/** Clocks of `ps` count whole seconds, and a process is a little older than its first line of code. */
const SAME_START_MS = 5000

const startOf = (pid: number): number | undefined => {
  try {
    const elapsed = execFileSync('ps', ['-o', 'etime=', '-p', String(pid)], { encoding: 'utf8' }).trim()
    const match = /^(?:(?:(\d+)-)?(\d+):)?(\d+):(\d+)$/.exec(elapsed)
    if (!match) return undefined
    const [days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((part) => Number(part ?? 0))
    return Date.now() - 1000 * (((days * 24 + hours) * 60 + minutes) * 60 + seconds)
  } catch {
    return undefined
  }
}

/** A process id alone proves nothing: after a crash another program may have it. */
const isAlive = ({ pid, startedAt }: Holder): boolean => {
  const start = startOf(pid)
  return start !== undefined && Math.abs(start - startedAt) < SAME_START_MS
}

const readHolder = (path: string): Holder | undefined => {
  try {
    return Holder.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch {
    return undefined
  }
}

/**
 * Takes a data folder for this process; returns the way to give it back. A lock left by a crash is
 * taken over. Throws MasterError where another running Muster has it.
 */
export const lockDataDir = (dataDir: string): (() => void) => {
  const directory = join(dataDir, 'run')
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const path = join(directory, 'lock')
  const own = `${path}.${process.pid}`
  writeFileSync(own, JSON.stringify({ pid: process.pid, startedAt: Date.now() - process.uptime() * 1000 }), { mode: 0o600 })
  try {
    for (;;) {
      try {
        // Linking is atomic: of two that try at once, one is told that the name exists.
        linkSync(own, path)
        return () => rmSync(path, { force: true })
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
      }
      const holder = readHolder(path)
      if (holder && isAlive(holder)) {
        throw new MasterError(
          'data_dir_in_use',
          `Muster is already running on ${dataDir} (process ${holder.pid})`,
          'Use the one that runs, quit it first, or give this one a folder of its own with --data-dir.',
        )
      }
      // So is renaming: only one of several takes the stale lock away.
      renameSync(path, `${path}.stale`)
      rmSync(`${path}.stale`, { force: true })
    }
  } finally {
    rmSync(own, { force: true })
  }
}
