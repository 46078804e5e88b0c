import { constants } from 'node:fs'
import { access, readdir, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { makeFolder } from '../disk/make-folder'
import { codeOf, diskError, MasterError } from './errors'

const reasonOf = (cause: unknown): string => {
  switch (codeOf(cause)) {
    case 'EACCES':
    case 'EPERM':
      return 'this user may not write there'
    case 'EROFS':
      return 'that disk is read-only'
    case 'ENOSPC':
    case 'EDQUOT':
      return 'that disk is full'
    case 'EEXIST':
    case 'ENOTDIR':
    case 'ELOOP':
      return BROKEN_LINK
    case 'ENOENT':
      return 'no folder can be made there'
    default:
      return cause instanceof Error ? cause.message : String(cause)
  }
}

const MOVE_AWAY = 'Move that away, and start again.'

const inTheWay = (path: string, reason: string, cause?: unknown): MasterError =>
  new MasterError('data_dir_unusable', `${path} cannot be used: ${reason}`, MOVE_AWAY, { cause })

const BROKEN_LINK = 'a file or a broken link is in its way'

/** Names of files in the data folder and its log. */
const FILE = /\.(?:json|log)$/

/**
 * Rejects with MasterError `data_dir_unusable` if an entry with a file's name is something else. Reading a pipe or some
 * devices never ends, so this is checked before any of them is opened; the system's error for a folder has no path.
 */
const checkFiles = async (folder: string): Promise<void> => {
  const names = await readdir(folder).catch(() => [])
  for (const name of names.filter((one) => FILE.test(one))) {
    const path = join(folder, name)
    try {
      const entry = await stat(path)
      if (entry.isDirectory()) throw inTheWay(path, 'a folder is in its way')
      if (!entry.isFile()) throw inTheWay(path, 'a pipe, a socket or a device is in its way')
    } catch (error) {
      if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ELOOP') throw inTheWay(path, BROKEN_LINK, error)
      // Whoever needs the file reports other errors; not every file is needed.
      if (error instanceof MasterError) throw error
    }
  }
}

/**
 * Creates the data folder if it does not exist. Rejects with MasterError `data_dir_unusable` if this process cannot read
 * and write in it, or if something else is in the place of one of its files.
 */
export const prepareDataDir = async (dataDir: string): Promise<void> => {
  try {
    await makeFolder(dataDir)
    await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (cause) {
    throw new MasterError(
      'data_dir_unusable',
      `The data folder ${dataDir} cannot be used: ${reasonOf(cause)}`,
      'Name another one with --data-dir or MUSTER_DATA_DIR, or let this user write there.',
      { cause },
    )
  }
  await checkFiles(dataDir)
  await checkFiles(join(dataDir, 'log'))
}

/** How to remove an obstacle within the data folder; undefined for errors that may pass by themselves. */
const remedyOf = (dataDir: string, code: string | undefined): readonly [string, string] | undefined => {
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return [
        'this user may not read and write it',
        `All of ${dataDir} must belong to the user that Muster runs as. If a start with sudo has left something there, give it back: sudo chown -R "$(id -un)" ${JSON.stringify(dataDir)}`,
      ]
    case 'EROFS':
      return ['that disk is read-only', 'Name another data folder with --data-dir or MUSTER_DATA_DIR.']
    case 'EEXIST':
    case 'ENOTDIR':
    case 'ELOOP':
      return [BROKEN_LINK, MOVE_AWAY]
    case 'EISDIR':
      return ['a folder is in its way', MOVE_AWAY]
    default:
      return undefined
  }
}

const pathOf = (error: unknown): string | undefined =>
  error instanceof Error && 'path' in error && typeof error.path === 'string' ? error.path : undefined

/** Whether the disk of the data folder is full. Errors of writes to an open file have no path. */
const isFull = (dataDir: string, cause: unknown): boolean => {
  const code = codeOf(cause)
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return false
  const path = pathOf(cause)
  return path === undefined
    ? cause instanceof Error && 'syscall' in cause && cause.syscall === 'write'
    : isWithin(dataDir, path)
}

const isWithin = (dataDir: string, path: string): boolean => !relative(dataDir, path).startsWith('..')

/** Answers to a hard link where the disk's format has none: exFAT and FAT, some network disks. */
const NO_LINKS: ReadonlySet<string | undefined> = new Set(['ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EPERM'])

const lacksLinks = (cause: unknown): boolean =>
  cause instanceof Error && 'syscall' in cause && cause.syscall === 'link' && NO_LINKS.has(codeOf(cause))

/** An error of the disk at the start: unlike later, the node does not go on by itself. */
const atStart = (error: MasterError): MasterError => {
  const hint =
    error.code === 'disk_full'
      ? 'Free some space, and start again.'
      : 'Check the disk and the folder’s permissions, and start again.'
  return new MasterError(error.code, error.message, hint, { cause: error.cause })
}

/**
 * Explains an error of the start that comes from a file or folder within the data folder, such as one that a start with
 * sudo has left behind, or from its disk; returns any other error unchanged.
 */
export const asUnusable = (dataDir: string, error: unknown): unknown => {
  if (isFull(dataDir, error)) return atStart(diskError(dataDir, error))
  const isDisk = error instanceof MasterError && (error.code === 'disk_failed' || error.code === 'disk_full')
  const cause = isDisk ? error.cause : error
  const otherwise = isDisk ? atStart(error) : error
  const path = pathOf(cause)
  if (path === undefined || !isWithin(dataDir, path)) return otherwise
  if (lacksLinks(cause))
    return new MasterError(
      'data_dir_unusable',
      `${dataDir} cannot be used: its disk has neither hard links nor named pipes, as one formatted as exFAT or FAT`,
      'Name a folder on another disk with --data-dir or MUSTER_DATA_DIR. The models can stay on this one: name their folder in the setting modelFolders, or with MUSTER_MODEL_FOLDERS.',
      { cause },
    )
  const remedy = remedyOf(dataDir, codeOf(cause))
  if (!remedy) return otherwise
  const [reason, hint] = remedy
  return new MasterError('data_dir_unusable', `${path} cannot be used: ${reason}`, hint, { cause })
}
