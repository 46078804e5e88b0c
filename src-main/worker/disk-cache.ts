import { basename, dirname } from 'node:path'
import { removeBelow } from '../disk/removal'

/** Where what runners have computed of prompts outlives them; with 0 bytes nowhere. */
export interface DiskCache {
  readonly directory: string
  readonly maxBytes: number
}

/**
 * Removes what lies there where nothing is to be kept any more: it tells what people asked. A folder that cannot be
 * removed is told in the log, and harms nobody otherwise.
 */
export const emptyUnused = async (
  { directory, maxBytes }: DiskCache,
  log: { warn(fields: object, message: string): void },
): Promise<void> => {
  if (maxBytes > 0) return
  try {
    await removeBelow(dirname(directory), [basename(directory)])
  } catch (error) {
    log.warn({ directory, error: String(error) }, 'what was kept of prompts on the disk could not be removed')
  }
}
