import { execFileSync } from 'node:child_process'
import { linkSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { makeFolderSync } from '../disk/make-folder'
import { z } from 'zod'
import { removeFileSync } from '../disk/removal'
import { MasterError } from './errors'

const Holder = z.object({ pid: z.number().int().positive(), start: z.string() })
type Holder = z.infer<typeof Holder>

const LOCK = /^lock\.(\d{10})$/
const lockName = (number: number): string => `lock.${String(number).padStart(10, '0')}`

const exists = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: the process exists and belongs to another user.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/**
 * Start time of a process as the system reports it. Setting the clock does not change it, so it distinguishes a process
 * from a later one with the same id. Empty if the system does not report it.
 */
const startOf = (pid: number): string => {
  try {
    if (process.platform !== 'linux') {
      const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC' }
      return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', env }).trim()
    }
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    // Field 22; the second one, the program's name, may hold spaces and brackets.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')
    return `${boot} ${fields?.[19] ?? ''}`
  } catch {
    return ''
  }
}

const isAlive = ({ pid, start }: Holder): boolean => {
  if (!exists(pid)) return false
  const now = startOf(pid)
  // If unknown, assume it is the same process: refusing to start is better than sharing a folder.
  return now === '' || start === '' || now === start
}

const readHolder = (path: string): Holder | undefined => {
  try {
    return Holder.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch {
    return undefined
  }
}

/** Empties the lock instead of removing it (see `lockDataDir`). Works on a full disk. */
const release = (path: string): void => {
  try {
    truncateSync(path)
  } catch {
    // The folder is gone or the disk refuses writes: the lock is stale once this process has ended.
  }
}

const isTaken = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'EEXIST'

/**
 * Locks a data folder for this process; returns the function that releases it. Takes over a lock left by a crash. Throws
 * MasterError `data_dir_in_use` if another running Muster holds it, and the disk's errors.
 *
 * Locks are numbered. A process that finds the highest one released or stale creates the next number, which only one
 * process can; the highest lock is never removed. Removing a stale lock and creating it again would be a race: of two
 * processes that saw it stale, the slower one would remove the lock of the faster.
 */
export const lockDataDir = (dataDir: string): (() => void) => {
  const directory = join(dataDir, 'run')
  makeFolderSync(directory)
  const numbers = (): number[] =>
    readdirSync(directory)
      .flatMap((name) => LOCK.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => a - b)
  const draft = join(directory, `lock-draft.${process.pid}`)
  writeFileSync(draft, JSON.stringify({ pid: process.pid, start: startOf(process.pid) }), { mode: 0o600 })
  try {
    for (;;) {
      const last = numbers().at(-1) ?? 0
      const holder = readHolder(join(directory, lockName(last)))
      if (holder && isAlive(holder)) {
        throw new MasterError(
          'data_dir_in_use',
          `Muster is already running on ${dataDir} (process ${holder.pid})`,
          'Use the one that runs, quit it first, or give this one a folder of its own with --data-dir.',
        )
      }
      const number = last + 1
      const path = join(directory, lockName(number))
      try {
        // A hard link is atomic: the lock appears with its content.
        linkSync(draft, path)
      } catch (error) {
        if (isTaken(error)) continue
        throw error
      }
      const all = numbers()
      // Other processes have created higher locks since, and removed the ones below.
      if (all.at(-1) !== number) {
        removeFileSync(directory, lockName(number))
        continue
      }
      for (const older of all) if (older < number) removeFileSync(directory, lockName(older))
      return () => release(path)
    }
  } finally {
    removeFileSync(directory, basename(draft))
  }
}
