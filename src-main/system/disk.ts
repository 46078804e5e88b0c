import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'

export interface DiskSpace {
  readonly totalBytes: number
  readonly freeBytes: number
}

/** Space on the volume of a directory that need not exist yet; undefined if no part of its path can be read. */
export const diskSpace = async (directory: string): Promise<DiskSpace | undefined> => {
  try {
    const { bsize, blocks, bavail } = await statfs(directory)
    return { totalBytes: blocks * bsize, freeBytes: bavail * bsize }
  } catch {
    // The directory does not exist yet: use its parent's volume.
    const parent = dirname(directory)
    return parent === directory ? undefined : diskSpace(parent)
  }
}
