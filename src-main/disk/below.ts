import { lstat, mkdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'

/** An entry on a disk, as the system tells two of them apart. */
export interface Entry {
  readonly dev: number
  readonly ino: number
  isDirectory(): boolean
  isSymbolicLink(): boolean
}

/** What is asked of the disk here; a test puts something between. */
export interface Disk {
  lstat(path: string): Promise<Entry>
  readdir(path: string): Promise<string[]>
  rename(from: string, to: string): Promise<void>
}

/** A place that is not inside the folder it was said to be in: nothing there is changed. */
export class OutsideError extends Error {
  readonly code = 'not_ours'
  constructor(
    /** What was in the way. */
    readonly path: string,
    /** Goes on the sentence that begins with the path. */
    readonly why: string,
  ) {
    super(`${path} ${why}: Muster changes nothing there`)
    this.name = 'OutsideError'
  }
}

/** Whether it names one entry of a folder: no path, and not the folder itself or the one above. */
export const isName = (name: string): boolean => name !== '' && name !== '.' && name !== '..' && !/[/\\\0]/.test(name)

const isAbsent = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')

export const ifPresent = <Value>(found: Promise<Value>): Promise<Value | undefined> =>
  found.catch((error: unknown) => {
    if (isAbsent(error)) return undefined
    throw error
  })

export interface Found {
  /** Without a link in it. */
  readonly path: string
  /** Of the root. */
  readonly base: string
  /** The folders on the way, the root first. */
  readonly way: readonly { readonly path: string; readonly entry: Entry }[]
  readonly entry: Entry
}

/**
 * The entry below a folder of ours, reached through real folders on the same disk only; undefined where there is none.
 * The root may be a link, for people keep their data folder on another disk that way; below it no link is followed,
 * and each name must be the one on the disk, also where the disk takes `Owner` for `owner`. The entry itself may be a
 * link: whoever removes it removes the link.
 *
 * @param names one for each level, e.g. `['OWNER', 'NAME']`
 * @throws OutsideError; and what the disk says, but for what is missing
 */
export const findBelow = async (root: string, names: readonly string[], disk: Disk): Promise<Found | undefined> => {
  if (names.length === 0 || !names.every(isName))
    throw new OutsideError(join(root, ...names), `is no place inside of ${root}`)
  const base = await ifPresent(realpath(root))
  if (base === undefined) return undefined
  const way = [{ path: base, entry: await disk.lstat(base) }]
  const dev = way[0]?.entry.dev
  let folder = base
  for (const [at, name] of names.entries()) {
    const path = join(folder, name)
    const entry = await ifPresent(disk.lstat(path))
    if (!entry) return undefined
    if (!(await disk.readdir(folder)).includes(name)) throw new OutsideError(path, 'is written differently on the disk')
    if (entry.dev !== dev && !entry.isSymbolicLink()) throw new OutsideError(path, 'is another disk')
    if (at === names.length - 1) return { path, base, way, entry }
    if (entry.isSymbolicLink()) throw new OutsideError(path, 'is a link to another place')
    if (!entry.isDirectory()) return undefined
    way.push({ path, entry })
    folder = path
  }
  return undefined
}

/**
 * Makes folders one below the other in a folder of ours, where they are missing. Gives back the last one's path.
 *
 * @throws OutsideError where one that exists is a link: what is written behind it could never be removed again
 */
export const makeBelow = async (root: string, names: readonly string[]): Promise<string> => {
  if (!names.every(isName)) throw new OutsideError(join(root, ...names), `is no place inside of ${root}`)
  await mkdir(root, { recursive: true, mode: 0o700 })
  let path = root
  for (const name of names) {
    path = join(path, name)
    await mkdir(path, { mode: 0o700 }).catch((error: unknown) => {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    })
    if ((await lstat(path)).isSymbolicLink()) throw new OutsideError(path, 'is a link to another place')
  }
  return path
}
