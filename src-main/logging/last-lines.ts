import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'

/** Limit on history returned at once. */
const MOST_BYTES = 1024 * 1024

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT'

/** Not blocking: a pipe is opened at once, and seen to be none of our files. */
const READ = constants.O_RDONLY | constants.O_NONBLOCK

/** The last complete lines of a file; none if it does not exist, or is something else than a file. */
const endOf = (path: string): string[] => {
  let file: number
  try {
    file = openSync(path, READ)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
  try {
    const entry = fstatSync(file)
    if (!entry.isFile()) return []
    const { size } = entry
    const from = Math.max(0, size - MOST_BYTES)
    const bytes = Buffer.alloc(size - from)
    const length = readSync(file, bytes, 0, bytes.length, from)
    const lines = bytes.toString('utf8', 0, length).split('\n')
    // The first line may be cut off; after the last newline there is nothing, or a line that is being written.
    return lines.slice(from === 0 ? 0 : 1, -1)
  } finally {
    closeSync(file)
  }
}

/**
 * The last lines of a log that spans several files.
 *
 * @param paths newest file first
 */
export const lastLines = (paths: readonly string[], most: number): string[] => {
  let lines: string[] = []
  for (const path of paths) {
    if (lines.length >= most) break
    lines = [...endOf(path), ...lines]
  }
  return most === 0 ? [] : lines.slice(-most)
}
