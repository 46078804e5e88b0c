import { KnownTerm } from '@core/consensus/index'
import type { Directory } from '../disk/directory'
import { diskError } from './errors'
import { changed } from './segment-file'

const FILE = 'term.json'
const DRAFT = `${FILE}.new`

/**
 * The highest term this node has taken part in, as far as its disk says; older versions kept none. Where it cannot be
 * read nobody knows whom this node has obeyed: it may follow, and not lead before it has followed.
 */
export const readKnownTerm = (directory: Directory): KnownTerm => {
  let text: string
  try {
    text = directory.readSync(FILE).toString('utf8')
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
export const keepKnownTerm = (directory: Directory, known: KnownTerm): void => {
  try {
    changed(directory.open(DRAFT, 'emptied'), (file) => file.writeSync(JSON.stringify(known)))
    directory.rename(DRAFT, FILE)
    directory.sync()
  } catch (cause) {
    try {
      directory.remove(DRAFT)
    } catch {
      // It is written over the next time.
    }
    throw diskError(directory.path, cause)
  }
}
