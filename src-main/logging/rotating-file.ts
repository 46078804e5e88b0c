import { closeSync, constants, fstatSync, openSync, renameSync, writeSync } from 'node:fs'
import { dirname, extname, join, basename } from 'node:path'

export interface RotatingFileOptions {
  readonly path: string
  /** Size in bytes at which a file is rotated. */
  readonly maxBytes: number
  /** Number of files, including the current one. */
  readonly files: number
  /** Called once for consecutive failed writes. */
  onError(error: Error): void
}

export interface RotatingFile {
  write(line: string): void
  close(): void
}

/** Not blocking: to open a pipe that nobody reads would otherwise hold up the node for ever; so it fails. */
const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT'

/** `muster.log`, `muster.1.log` … `muster.4.log`: the higher the number, the older. */
const numbered = (path: string, age: number): string => {
  const extension = extname(path)
  return age === 0 ? path : join(dirname(path), `${basename(path, extension)}.${age}${extension}`)
}

/** Its files, newest first. */
export const filesOf = (path: string, files: number): string[] =>
  Array.from({ length: files }, (_, age) => numbered(path, age))

const shift = ({ path, files }: RotatingFileOptions): void => {
  for (let age = files - 1; age > 0; age -= 1) {
    try {
      renameSync(numbered(path, age - 1), numbered(path, age))
    } catch (error) {
      if (!isMissing(error)) throw error
    }
  }
}

/**
 * A rotating file of lines. Writes are synchronous: a log has few lines, and the one before a crash matters most. A
 * failed write is reported once and retried with the next line.
 */
export const openRotatingFile = (options: RotatingFileOptions): RotatingFile => {
  let descriptor: number | undefined
  let size = 0
  let failing = false
  let closed = false

  const open = (): number => {
    const opened = openSync(options.path, APPEND, 0o600)
    size = fstatSync(opened).size
    return opened
  }
  const close = (): void => {
    if (descriptor !== undefined) closeSync(descriptor)
    descriptor = undefined
  }
  const attempt = (bytes: Buffer): void => {
    descriptor ??= open()
    if (size > 0 && size + bytes.length > options.maxBytes) {
      close()
      shift(options)
      descriptor = open()
    }
    size += writeSync(descriptor, bytes)
  }

  return {
    write: (line) => {
      if (closed) return
      try {
        attempt(Buffer.from(line))
        failing = false
      } catch (error) {
        if (!failing) options.onError(error instanceof Error ? error : new Error(String(error)))
        failing = true
      }
    },
    close: () => {
      closed = true
      close()
    },
  }
}
