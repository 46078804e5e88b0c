import { join } from 'node:path'
import type { Directory, OpenFile } from '../disk/directory'
import { diskError } from './errors'
import { SEGMENT_HEADER_BYTES, segmentHeader } from './segment'

/** The segment that is written to. */
export interface OpenSegment {
  readonly file: OpenFile
  readonly path: string
  size: number
}

interface TornEnd {
  readonly name: string
  /** Where the last good record ends. */
  readonly offset: number
  readonly torn: Buffer
  readonly warn: (message: string) => void
}

/** Cuts the torn end of a segment off, with a copy beside it. Throws MasterError. */
export const cutOff = (directory: Directory, { name, offset, torn, warn }: TornEnd): void => {
  const copy = `${name}.cut-${offset}`
  const path = join(directory.path, name)
  try {
    changed(directory.open(copy, 'emptied'), (file) => file.writeSync(torn))
    changed(directory.open(name, 'kept'), (file) => file.truncateSync(offset))
  } catch (cause) {
    throw diskError(path, cause)
  }
  warn(
    `${path} ended in the middle of a record, as after a crash or a power cut: cut off at byte ${offset}; the rest is kept in ${join(directory.path, copy)}`,
  )
}

/** Changes a file durably, and closes it. Throws what the disk throws. */
export const changed = (file: OpenFile, change: (file: OpenFile) => void): void => {
  try {
    change(file)
    file.syncSync()
  } finally {
    file.close()
  }
}

/** Opens a segment to write on where it ends, or begins it. Throws MasterError. */
export const openSegment = (directory: Directory, name: string): OpenSegment => {
  const path = join(directory.path, name)
  let file: OpenFile | undefined
  try {
    file = directory.open(name, 'kept')
    const { size } = file
    if (size >= SEGMENT_HEADER_BYTES) return { file, path, size }
    file.writeSync(segmentHeader())
    file.syncSync()
    directory.sync()
    return { file, path, size: SEGMENT_HEADER_BYTES }
  } catch (cause) {
    if (file !== undefined) {
      // Tried again every few seconds: neither descriptors nor half a header may pile up.
      if (file.size < SEGMENT_HEADER_BYTES) directory.remove(name)
      file.close()
    }
    throw diskError(path, cause)
  }
}
