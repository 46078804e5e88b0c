import { lstat, mkdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolder } from './make-folder'

/** An entry of a file system, with its identity. */
export interface Entry {
  readonly dev: number
  readonly ino: number
  isDirectory(): boolean
  isSymbolicLink(): boolean
}

/** The file-system calls used here; tests replace them. */
export interface Disk {
  lstat(path: string): Promise<Entry>
  readdir(path: string): Promise<string[]>
  rename(from: string, to: string): Promise<void>
}

/** A path leads out of the folder it must be below, or through a link or another disk. Nothing was changed there. */
export class OutsideError extends Error {
  readonly code = 'not_ours'
  constructor(
    /** The path at fault. */
    readonly path: string,
    /** The rest of the sentence that begins with the path. */
    readonly why: string,
  ) {
    super(`${path} ${why}: Muster changes nothing there`)
    this.name = 'OutsideError'
  }
}

/** Whether the name is that of one entry of a folder: no path, not `.` or `..`. */
export const isName = (name: string): boolean => name !== '' && name !== '.' && name !== '..' && !/[/\\\0]/.test(name)

const isAbsent = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')

export const ifPresent = <Value>(found: Promise<Value>): Promise<Value | undefined> =>
  found.catch((error: unknown) => {
    if (isAbsent(error)) return undefined
    throw error
  })

export interface Found {
  /** The real path, without links. */
  readonly path: string
  /** The root's real path. */
  readonly base: string
  /** The folders from the root downwards. */
  readonly way: readonly { readonly path: string; readonly entry: Entry }[]
  readonly entry: Entry
}

/**
 * Resolves an entry below one of our folders, through real folders on the same disk only; undefined if it does not
 * exist. The root may be a link, because people move their data folder to another disk that way. Below it no link is
 * followed, and each name must be spelt as on the disk, even where the disk treats `Owner` and `owner` as equal. The
 * entry itself may be a link, which is then removed as a link.
 *
 * @param names one per level, e.g. `['OWNER', 'NAME']`
 * @throws OutsideError; and the disk's errors other than a missing entry
 */
export const findBelow = async (root: string, names: readonly string[], disk: Disk): Promise<Found | undefined> => {
  if (names.length === 0 || !names.every(isName))
    throw new OutsideError(join(root, ...names), `is not a path inside ${root}`)
  const base = await ifPresent(realpath(root))
  if (base === undefined) return undefined
  const way = [{ path: base, entry: await disk.lstat(base) }]
  const dev = way[0]?.entry.dev
  let folder = base
  for (const [at, name] of names.entries()) {
    const path = join(folder, name)
    const entry = await ifPresent(disk.lstat(path))
    if (!entry) return undefined
    if (!(await disk.readdir(folder)).includes(name)) throw new OutsideError(path, 'is spelled differently on the disk')
    if (entry.dev !== dev && !entry.isSymbolicLink()) throw new OutsideError(path, 'is another disk')
    if (at === names.length - 1) return { path, base, way, entry }
    if (entry.isSymbolicLink()) throw new OutsideError(path, 'is a link to another path')
    if (!entry.isDirectory()) return undefined
    way.push({ path, entry })
    folder = path
  }
  return undefined
}

/**
 * Creates nested folders below one of our folders where they are missing. Returns the last one's path.
 *
 * @throws OutsideError if an existing one is a link: data written behind it could never be removed again
 */
export const makeBelow = async (root: string, names: readonly string[]): Promise<string> => {
  if (!names.every(isName)) throw new OutsideError(join(root, ...names), `is not a path inside ${root}`)
  await makeFolder(root)
  let path = root
  for (const name of names) {
    path = join(path, name)
    await mkdir(path, { mode: 0o700 }).catch((error: unknown) => {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    })
    if ((await lstat(path)).isSymbolicLink()) throw new OutsideError(path, 'is a link to another path')
  }
  return path
}
