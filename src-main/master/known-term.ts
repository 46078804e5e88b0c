import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { KnownTerm } from '@core/consensus/replica'
import { removeFileSync } from '../disk/removal'
import { syncDirectory } from './directory'
import { diskError } from './errors'

const pathIn = (directory: string): string => join(directory, 'term.json')

/**
 * The highest term this node has taken part in, as far as its disk says; older versions kept none. Where it cannot be
 * read nobody knows whom this node has obeyed: it may follow, and not lead before it has followed.
 */
export const readKnownTerm = (directory: string): KnownTerm => {
  let text: string
  try {
    text = readFileSync(pathIn(directory), 'utf8')
  } catch (cause) {
    const isMissing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
    return isMissing ? { term: 0 } : { term: 0, isLost: true }
  }
  try {
    return KnownTerm.parse(JSON.parse(text))
  } catch {
    return { term: 0, isLost: true }
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
    try {
      removeFileSync(dirname(temporary), basename(temporary))
    } catch {
      // It is written over the next time.
    }
    throw diskError(directory, cause)
  }
}
