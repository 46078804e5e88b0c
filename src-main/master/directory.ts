import { closeSync, fdatasyncSync, fsyncSync, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { removeFileSync } from '../disk/removal'

/** Makes a created or renamed name durable, which syncing the file alone does not. */
export const syncDirectory = (path: string): void => {
  const fd = openSync(path, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

const PROBE = 'room.probe'

/** Throws what the disk throws where it has no room for so many bytes in that directory. */
export const proveRoom = (directory: string, bytes: number): void => {
  const path = join(directory, PROBE)
  try {
    const fd = openSync(path, 'w', 0o600)
    try {
      writeFileSync(fd, Buffer.alloc(bytes, 1))
      fdatasyncSync(fd)
    } finally {
      closeSync(fd)
    }
  } finally {
    removeFileSync(directory, PROBE)
  }
}
