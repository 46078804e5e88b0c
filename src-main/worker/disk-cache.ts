import { basename, dirname } from 'node:path'
import { removeBelow } from '../disk/removal'

/** The folder of the on-disk prompt cache; 0 bytes disables it. */
export interface DiskCache {
  readonly directory: string
  readonly maxBytes: number
}

/**
 * Removes the prompt cache if it is disabled, because it contains what users asked. A folder that cannot be removed is
 * logged and otherwise ignored.
 */
export const emptyUnused = async (
  { directory, maxBytes }: DiskCache,
  log: { warn(fields: object, message: string): void },
): Promise<void> => {
  if (maxBytes > 0) return
  try {
    await removeBelow(dirname(directory), [basename(directory)])
  } catch (err) {
    log.warn({ directory, err }, 'the prompt cache on disk could not be removed')
  }
}
