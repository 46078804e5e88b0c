import { KnownTerm } from '@core/consensus/index'
import type { Directory } from '../disk/directory'
import { diskError } from './errors'

const FILE = 'term.json'

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

/** Resolves when it is durable. Rejects with MasterError. */
export const keepKnownTerm = async (directory: Directory, known: KnownTerm): Promise<void> => {
  try {
    await directory.replace(FILE, JSON.stringify(known))
  } catch (cause) {
    throw diskError(directory.path, cause)
  }
}
