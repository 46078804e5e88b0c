import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { consoleLines, KEPT_CHARACTERS, type Console } from '../process/console-buffer'

const FILE = 'console.log'
/** Limit of the file, so that endless output does not fill the disk. The runner appends, so truncating it is safe. */
const MOST_BYTES = 4 * 1024 * 1024

/** Writes the output so far before the runner gives up its terminal; the runner appends the rest itself. */
export const writeConsole = (directory: string, text: string): void =>
  writeFileSync(join(directory, FILE), text, { mode: 0o600 })

/** Reads the output of a runner without a terminal. */
export const consoleFile = (directory: string): Console => {
  const raw = (): string => {
    try {
      const file = openSync(join(directory, FILE), 'r+')
      try {
        const { size } = fstatSync(file)
        const kept = Buffer.alloc(Math.min(size, KEPT_CHARACTERS))
        const bytes = readSync(file, kept, 0, kept.length, size - kept.length)
        if (size > MOST_BYTES) ftruncateSync(file)
        return kept.toString('utf8', 0, bytes)
      } finally {
        closeSync(file)
      }
    } catch {
      // Losing the output only makes a failure harder to explain.
      return ''
    }
  }
  return { raw, lines: () => consoleLines(raw()) }
}
