import type { Directory } from '../disk/directory'
import { changed } from './segment-file'

const PROBE = 'room.probe'

/** Throws what the disk throws where it has no room for so many bytes in that directory. */
export const proveRoom = (directory: Directory, bytes: number): void => {
  try {
    changed(directory.open(PROBE, 'emptied'), (file) => file.writeSync(Buffer.alloc(bytes, 1)))
  } finally {
    directory.remove(PROBE)
  }
}
