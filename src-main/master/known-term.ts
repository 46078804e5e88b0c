import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { KnownTerm } from '@core/consensus/replica'
import { removeFileSync } from '../disk/removal'
import { syncDirectory } from './directory'
import { diskError } from './errors'

const pathIn = (directory: string): string => join(directory, 'term.json')

/** The highest term this node has taken part in, as far as its disk says; older versions kept none. */
export const readKnownTerm = (directory: string): KnownTerm => {
  try {
    return KnownTerm.parse(JSON.parse(readFileSync(pathIn(directory), 'utf8')))
  } catch {
    return { term: 0 }
  }
}

/** Durable when it returns: nobody hears of a term that this node might forget. Throws MasterError. */
export const keepKnownTerm = (directory: string, known: KnownTerm): void => {
  const path = pathIn(directory)
  const temporary = `${path}.new`
  try {
    const fd = openSync(temporary, 'w', 0o600)
    try {
      writeFileSync(fd, JSON.stringify(known))
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    renameSync(temporary, path)
    syncDirectory(directory)
  } catch (cause) {
    removeFileSync(dirname(temporary), basename(temporary))
    throw diskError(directory, cause)
  }
}
