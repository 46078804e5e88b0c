import {
  closeSync,
  constants,
  existsSync,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  write,
  writeFileSync,
} from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Directory, OpenFile } from './directory'
import { makeFolderSync } from './make-folder'
import { removeBelow, removeFileSync } from './removal'
import { replaceFile } from './replace-file'

const writeTo = promisify(write)
const sync = promisify(fdatasync)

class SystemFile implements OpenFile {
  constructor(private readonly fd: number) {}

  get size(): number {
    return fstatSync(this.fd).size
  }

  async write(bytes: Buffer, { offset, position }: { offset: number; position: number }): Promise<number> {
    const { bytesWritten } = await writeTo(this.fd, bytes, offset, bytes.length - offset, position)
    return bytesWritten
  }

  sync(): Promise<void> {
    return sync(this.fd)
  }

  writeSync(bytes: Buffer | string): void {
    writeFileSync(this.fd, bytes)
  }

  syncSync(): void {
    fdatasyncSync(this.fd)
  }

  truncateSync(size: number): void {
    ftruncateSync(this.fd, size)
  }

  close(): void {
    closeSync(this.fd)
  }
}

/** Not in append mode: after a failed write the next one must start where the last successful one ended. */
const KEPT = constants.O_RDWR | constants.O_CREAT

const syncFolder = async (path: string): Promise<void> => {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** A folder on disk, accessible to its owner only. */
export const systemDirectory = (path: string): Directory => ({
  path,
  make: () => makeFolderSync(path),
  names: () => readdirSync(path),
  has: (name) => existsSync(join(path, name)),
  modifiedAt: (name) => statSync(join(path, name)).mtimeMs,
  read: (name) => readFile(join(path, name)),
  readSync: (name) => readFileSync(join(path, name)),
  open: (name, contents) => new SystemFile(openSync(join(path, name), contents === 'kept' ? KEPT : 'w', 0o600)),
  rename: (from, to, into) => renameSync(join(path, from), join(into?.path ?? path, to)),
  remove: (name) => removeFileSync(path, name),
  removeAll: (name) => removeBelow(path, [name]),
  replace: async (name, text) => {
    await replaceFile(join(path, name), text)
    await syncFolder(path)
  },
  // Syncing a file alone does not make its name durable.
  sync: () => {
    const fd = openSync(path, 'r')
    try {
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
  },
  below: (name) => systemDirectory(join(path, name)),
})
