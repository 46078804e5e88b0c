import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { relative } from 'node:path'
import { makeFolder } from '../disk/make-folder'
import { codeOf, MasterError } from './errors'

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
      return 'a file or a broken link is in its way'
    case 'ENOENT':
      return 'no folder can be made there'
    default:
      return cause instanceof Error ? cause.message : String(cause)
  }
}

/**
 * Creates the data folder if it does not exist. Rejects with MasterError `data_dir_unusable` if this process cannot read
 * and write in it.
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
      return ['a file or a broken link is in its way', 'Move that away, and start again.']
    default:
      return undefined
  }
}

const pathOf = (error: unknown): string | undefined =>
  error instanceof Error && 'path' in error && typeof error.path === 'string' ? error.path : undefined

/**
 * Explains an error of the start that comes from a file or folder within the data folder, such as one that a start with
 * sudo has left behind; returns any other error unchanged.
 */
export const asUnusable = (dataDir: string, error: unknown): unknown => {
  // An open log tries again later; one that cannot be opened ends the start.
  const cause = error instanceof MasterError && error.code === 'disk_failed' ? error.cause : error
  const path = pathOf(cause)
  if (path === undefined || relative(dataDir, path).startsWith('..')) return error
  const remedy = remedyOf(dataDir, codeOf(cause))
  if (!remedy) return error
  const [reason, hint] = remedy
  return new MasterError('data_dir_unusable', `${path} cannot be used: ${reason}`, hint, { cause })
}
