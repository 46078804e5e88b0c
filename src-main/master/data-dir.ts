import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
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
