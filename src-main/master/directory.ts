import { closeSync, fdatasyncSync, fsyncSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Makes a created or renamed name durable, which syncing the file alone does not. */
export const syncDirectory = (path: string): void => {
  const fd = openSync(path, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** Throws what the disk throws where it has no room for so many bytes in that directory. */
export const proveRoom = (directory: string, bytes: number): void => {
  const path = join(directory, 'room.probe')
  try {
    const fd = openSync(path, 'w', 0o600)
    try {
      writeFileSync(fd, Buffer.alloc(bytes, 1))
      fdatasyncSync(fd)
    } finally {
      closeSync(fd)
    }
  } finally {
    rmSync(path, { force: true })
  }
}
