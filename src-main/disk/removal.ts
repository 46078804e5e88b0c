/**
 * The only place that removes anything from a disk (lint holds it). Whoever removes says a folder of ours and the
 * names below it, so that no link, no `..` and no name that somebody sent can lead to what is not ours.
 *
 * 1. A link is removed as a link. What it points to stays, at every level.
 * 2. What is on another disk stays (a mount, a link's target).
 * 3. Only the name asked for is removed. What it is called elsewhere (hard links) stays.
 * 4. It is first moved to a hidden name in our folder, in one step, and removed there only if the way to it is still the
 *    one that was looked at: what was moved from behind a link that somebody put there meanwhile goes back.
 *
 * Held by `removal.test.ts`.
 */
import { randomUUID } from 'node:crypto'
import { unlinkSync } from 'node:fs'
import { lstat, readdir, rename, rm, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { findBelow, ifPresent, isName, OutsideError, type Disk, type Found } from './below'

const DISK: Disk = { lstat: (path) => lstat(path), readdir: (path) => readdir(path), rename }

/** What was moved away to be removed; the start after a crash removes it. */
const DOOMED = /^\.removed-[0-9a-f-]{36}$/

/** Whether each folder on the way to it is still the one that was looked at. (What was moved itself may have another
 * number now: exFAT and some network disks make them from the place of the name.) */
const isSameWay = async ({ way }: Found, disk: Disk): Promise<boolean> => {
  for (const { path, entry } of way) {
    const now = await ifPresent(disk.lstat(path))
    if (!now || now.isSymbolicLink() || now.dev !== entry.dev || now.ino !== entry.ino) return false
  }
  return true
}

/** Throws OutsideError where another disk is mounted anywhere in a folder. */
const proveOneDisk = async (path: string, dev: number, disk: Disk): Promise<void> => {
  for (const entry of await readdir(path, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue
    const inner = join(path, entry.name)
    if ((await disk.lstat(inner)).dev !== dev) throw new OutsideError(inner, 'is another disk')
    await proveOneDisk(inner, dev, disk)
  }
}

/**
 * Removes a folder with all that is in it, a file, or a link, below a folder of ours. Does nothing where it is missing.
 *
 * @param root a folder of ours; it may be a link itself
 * @param names one for each level below it
 * @throws OutsideError where something on the way is not ours, and then nothing was removed; and what the disk says
 */
export const removeBelow = async (root: string, names: readonly string[], disk: Disk = DISK): Promise<void> => {
  const found = await findBelow(root, names, disk)
  if (!found) return
  const { path, base, entry } = found
  if (entry.isDirectory()) await proveOneDisk(path, entry.dev, disk)
  const id = randomUUID()
  const moved = join(base, `.moved-${id}`)
  await disk.rename(path, moved)
  if (!(await isSameWay(found, disk))) {
    // By the same way back to where it was.
    await disk.rename(moved, path)
    throw new OutsideError(path, 'was replaced by something else just now')
  }
  const doomed = join(base, `.removed-${id}`)
  await rename(moved, doomed)
  await rm(doomed, { recursive: true, force: true })
}

/** Removes what an earlier removal left when it was interrupted. Call it before anything is removed from that folder. */
export const finishRemovals = async (root: string): Promise<void> => {
  const names = (await ifPresent(readdir(root))) ?? []
  for (const name of names) if (DOOMED.test(name)) await removeBelow(root, [name])
}

const filePath = (folder: string, name: string): string => {
  if (!isName(name)) throw new OutsideError(join(folder, name), `is no file of ${folder}`)
  return join(folder, name)
}

/** Removes a file of a folder of ours, or a link as a link; never a folder. Does nothing where it is missing. */
export const removeFile = async (folder: string, name: string): Promise<void> => {
  await ifPresent(unlink(filePath(folder, name)))
}

/** The same at once. Throws what the disk says. */
export const removeFileSync = (folder: string, name: string): void => {
  try {
    unlinkSync(filePath(folder, name))
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
}
