import { join } from 'node:path'
import type { Directory, OpenFile } from '../../disk/directory'
import { diskError } from '../errors'
import { SEGMENT_HEADER_BYTES, segmentHeader } from './segment'

/** The segment that appends go to. `size` in bytes, without writes in flight. */
export interface OpenSegment {
  readonly file: OpenFile
  readonly path: string
  size: number
}

interface TornEnd {
  readonly name: string
  /** Offset in bytes at which the last valid record ends. */
  readonly offset: number
  readonly torn: Buffer
  readonly warn: (message: string) => void
}

/** Truncates a segment before a torn write, and saves the removed bytes beside it. Throws MasterError. */
export const truncateTornEnd = (directory: Directory, { name, offset, torn, warn }: TornEnd): void => {
  const copy = `${name}.cut-${offset}`
  const path = join(directory.path, name)
  try {
    changeDurably(directory.open(copy, 'emptied'), (file) => file.writeSync(torn))
    changeDurably(directory.open(name, 'kept'), (file) => file.truncateSync(offset))
  } catch (cause) {
    throw diskError(path, cause)
  }
  warn(
    `${path} ended in the middle of a record, as after a crash or a power cut: cut off at byte ${offset}; the rest is kept in ${join(directory.path, copy)}`,
  )
}

/** Applies `change` to an open file, syncs it and closes it. Throws the disk's errors. */
export const changeDurably = (file: OpenFile, change: (file: OpenFile) => void): void => {
  try {
    change(file)
    file.syncSync()
  } finally {
    file.close()
  }
}

/** Opens a segment for appending; creates it with its header if it has none. Throws MasterError. */
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
      // `DiskRefusal` retries every two seconds: do not leak descriptors or leave half a header.
      if (file.size < SEGMENT_HEADER_BYTES) directory.remove(name)
      file.close()
    }
    throw diskError(path, cause)
  }
}
