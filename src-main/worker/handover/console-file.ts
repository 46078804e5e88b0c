import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { consoleLines, KEPT_CHARACTERS, type Console } from '../console-buffer'

const FILE = 'console.log'
/** A runner that prints without end must not fill the disk; it appends, so the file may be emptied under it. */
const MOST_BYTES = 4 * 1024 * 1024

/** What a runner had printed before it gives up its terminal; what comes after it appends itself. */
export const writeConsole = (directory: string, text: string): void =>
  writeFileSync(join(directory, FILE), text, { mode: 0o600 })

/** What a runner prints that has no terminal any more. */
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
      // Without it a runner is only harder to understand.
      return ''
    }
  }
  return { raw, lines: () => consoleLines(raw()) }
}
