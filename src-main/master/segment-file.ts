import { closeSync, constants, fstatSync, fsyncSync, openSync, truncateSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { removeFileSync } from '../disk/removal'
import { syncDirectory } from './directory'
import { diskError } from './errors'
import { SEGMENT_HEADER_BYTES, segmentHeader } from './segment'

/** The segment that is written to. */
export interface OpenSegment {
  readonly fd: number
  readonly path: string
  size: number
}

/** Cuts the torn end of a segment off, with a copy beside it. Throws MasterError. */
export const cutOff = (path: string, offset: number, torn: Buffer, warn: (message: string) => void): void => {
  const copy = `${path}.cut-${offset}`
  try {
    writeFileSync(copy, torn, { mode: 0o600 })
    truncateSync(path, offset)
  } catch (cause) {
    throw diskError(path, cause)
  }
  warn(
    `${path} ended in the middle of a record, as after a crash or a power cut: cut off at byte ${offset}; the rest is kept in ${copy}`,
  )
}

/** Opens a segment to write on where it ends, or begins it. Throws MasterError. */
export const openSegment = (directory: string, path: string): OpenSegment => {
  let fd: number | undefined
  try {
    // Not in append mode: after a failed write the next one must begin where the last good one ended.
    fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600)
    const size = fstatSync(fd).size
    if (size >= SEGMENT_HEADER_BYTES) return { fd, path, size }
    writeFileSync(fd, segmentHeader())
    fsyncSync(fd)
    syncDirectory(directory)
    return { fd, path, size: SEGMENT_HEADER_BYTES }
  } catch (cause) {
    if (fd !== undefined) {
      // Tried again every few seconds: neither descriptors nor half a header may pile up.
      if (fstatSync(fd).size < SEGMENT_HEADER_BYTES) removeFileSync(directory, basename(path))
      closeSync(fd)
    }
    throw diskError(path, cause)
  }
}
