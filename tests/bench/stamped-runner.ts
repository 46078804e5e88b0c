import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { python } from '../harness/paths'

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

/** The runner's Python with the stamps put in (see `stamped-python`); `receipts` is where it writes what came. */
export const stampedPython = (folder: string, { receipts }: { readonly receipts?: string } = {}): string => {
  const path = join(folder, 'python')
  const stamps = join(import.meta.dirname, 'stamped-python')
  const receiving = receipts === undefined ? '' : `MUSTER_RECEIPTS=${quoted(receipts)} `
  writeFileSync(path, `#!/bin/sh\n${receiving}PYTHONPATH=${quoted(stamps)}:"$PYTHONPATH" exec ${quoted(python)} "$@"\n`)
  chmodSync(path, 0o755)
  return path
}
