/**
 * The only place that removes anything from a disk (held by lint). Callers give one of our folders and the names below
 * it, so that no link, no `..` and no name from outside can lead to other people's files.
 *
 * 1. A link is removed as a link. Its target stays, at every level.
 * 2. Whatever is on another disk stays (a mount, a link's target).
 * 3. Only the given name is removed. Other hard links to the file stay.
 * 4. The entry is first renamed to a hidden name in our folder, and removed there only if the path to it is still the
 *    one that was checked: an entry moved from behind a link that appeared meanwhile is moved back.
 *
 * Held by `removal.test.ts`.
 */
import { randomUUID } from 'node:crypto'
import { unlinkSync } from 'node:fs'
import { lstat, readdir, rename, rm, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { findBelow, ifPresent, isName, OutsideError, type Disk, type Found } from './below'

const DISK: Disk = { lstat: (path) => lstat(path), readdir: (path) => readdir(path), rename }

/** Prefix of entries renamed for removal; after a crash the next start removes them. */
const DOOMED = /^\.removed-[0-9a-f-]{36}$/

/** Whether each folder on the path is still the one that was checked. (The entry itself may have another inode number
now: exFAT and some network disks derive it from the name's position.) */
const isSameWay = async ({ way }: Found, disk: Disk): Promise<boolean> => {
  for (const { path, entry } of way) {
    const now = await ifPresent(disk.lstat(path))
    if (!now || now.isSymbolicLink() || now.dev !== entry.dev || now.ino !== entry.ino) return false
  }
  return true
}

/** Throws OutsideError if another disk is mounted anywhere in a folder. */
const proveOneDisk = async (path: string, dev: number, disk: Disk): Promise<void> => {
  for (const entry of await readdir(path, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue
    const inner = join(path, entry.name)
    if ((await disk.lstat(inner)).dev !== dev) throw new OutsideError(inner, 'is another disk')
    await proveOneDisk(inner, dev, disk)
  }
}

/**
 * Removes a folder with its content, a file, or a link, below one of our folders. Does nothing if it does not exist.
 *
 * @param root one of our folders; it may be a link itself
 * @param names one per level below it
 * @throws OutsideError if the path leaves our folder; nothing was removed then. Also the disk's errors
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
    // Move the entry back.
    await disk.rename(moved, path)
    throw new OutsideError(path, 'was replaced meanwhile')
  }
  const doomed = join(base, `.removed-${id}`)
  await rename(moved, doomed)
  await rm(doomed, { recursive: true, force: true })
}

/** Removes leftovers of interrupted removals. Call it before removing anything from that folder. */
export const finishRemovals = async (root: string): Promise<void> => {
  const names = (await ifPresent(readdir(root))) ?? []
  for (const name of names) if (DOOMED.test(name)) await removeBelow(root, [name])
}

const filePath = (folder: string, name: string): string => {
  if (!isName(name)) throw new OutsideError(join(folder, name), `is not a file of ${folder}`)
  return join(folder, name)
}

/** Removes a file of one of our folders, or a link as a link; never a folder. Does nothing if it does not exist. */
export const removeFile = async (folder: string, name: string): Promise<void> => {
  await ifPresent(unlink(filePath(folder, name)))
}

/** As `removeFile`, synchronous. Throws the disk's errors. */
export const removeFileSync = (folder: string, name: string): void => {
  try {
    unlinkSync(filePath(folder, name))
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
}
