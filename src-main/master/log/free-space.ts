import type { Directory } from '../../disk/directory'
import { changeDurably } from './segment-file'

const PROBE = 'room.probe'

/** Checks that `bytes` bytes can be written to a directory, by writing them. Throws the disk's error if not. */
export const checkFreeSpace = (directory: Directory, bytes: number): void => {
  try {
    changeDurably(directory.open(PROBE, 'emptied'), (file) => file.writeSync(Buffer.alloc(bytes, 1)))
  } finally {
    directory.remove(PROBE)
  }
}
