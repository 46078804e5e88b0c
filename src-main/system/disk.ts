import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'

export interface DiskSpace {
  readonly totalBytes: number
  readonly freeBytes: number
}

/** Space on the volume that holds, or will hold, a directory; undefined where no part of its path can be read. */
export const diskSpace = async (directory: string): Promise<DiskSpace | undefined> => {
  try {
    const { bsize, blocks, bavail } = await statfs(directory)
    return { totalBytes: blocks * bsize, freeBytes: bavail * bsize }
  } catch {
    // Made when it is first needed: its parent's volume is the one.
    const parent = dirname(directory)
    return parent === directory ? undefined : diskSpace(parent)
  }
}
