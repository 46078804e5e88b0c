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
const lockName = (turn: number): string => `lock.${String(turn).padStart(10, '0')}`

const exists = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // Somebody else's process is one too.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/**
 * When a process began, as the system keeps it: unlike the time of day it stays the same when the clock is
 * set, so it tells a process from a later one with the same id. Empty where the system does not say.
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
  // Not knowing, rather refuse to start than share a folder.
  return now === '' || start === '' || now === start
}

const readHolder = (path: string): Holder | undefined => {
  try {
    return Holder.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch {
    return undefined
  }
}

/** Emptied, not removed. Needs no room on a disk that is full. */
const giveBack = (path: string): void => {
  try {
    truncateSync(path)
  } catch {
    // Without the folder, or with a disk that takes no writes, it is given back when this process ends.
  }
}

const isTaken = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'EEXIST'

/**
 * Takes a data folder for this process; returns the way to give it back. A lock left by a crash is
 * taken over. Throws MasterError where another running Muster has it.
 *
 * Locks are numbered. Who finds the highest one given back or left by a crash makes the next, which only
 * one can; the highest is never removed. Removing a dead lock to make it anew would not do: of two that
 * saw it dead, the slower one would remove the lock of the faster.
 */
export const lockDataDir = (dataDir: string): (() => void) => {
  const directory = join(dataDir, 'run')
  makeFolderSync(directory)
  const turns = (): number[] =>
    readdirSync(directory)
      .flatMap((name) => LOCK.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => a - b)
  const draft = join(directory, `lock-draft.${process.pid}`)
  writeFileSync(draft, JSON.stringify({ pid: process.pid, start: startOf(process.pid) }), { mode: 0o600 })
  try {
    for (;;) {
      const last = turns().at(-1) ?? 0
      const holder = readHolder(join(directory, lockName(last)))
      if (holder && isAlive(holder)) {
        throw new MasterError(
          'data_dir_in_use',
          `Muster is already running on ${dataDir} (process ${holder.pid})`,
          'Use the one that runs, quit it first, or give this one a folder of its own with --data-dir.',
        )
      }
      const turn = last + 1
      const path = join(directory, lockName(turn))
      try {
        // A link appears at once and with all it says.
        linkSync(draft, path)
      } catch (error) {
        if (isTaken(error)) continue
        throw error
      }
      const all = turns()
      // Others went ahead, and have removed the locks before theirs, since we looked.
      if (all.at(-1) !== turn) {
        removeFileSync(directory, lockName(turn))
        continue
      }
      for (const older of all) if (older < turn) removeFileSync(directory, lockName(older))
      return () => giveBack(path)
    }
  } finally {
    removeFileSync(directory, basename(draft))
  }
}
