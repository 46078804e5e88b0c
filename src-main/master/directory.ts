import { closeSync, fsyncSync, openSync } from 'node:fs'

/** Makes a created or renamed name durable, which syncing the file alone does not. */
export const syncDirectory = (path: string): void => {
  const fd = openSync(path, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
