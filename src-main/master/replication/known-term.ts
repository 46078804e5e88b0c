import { KnownTerm } from '@core/consensus/index'
import type { Directory } from '../../disk/directory'
import { diskError } from '../errors'

const FILE = 'term.json'

/**
 * Reads the highest term that this node took part in, and the leader it accepted in it; term 0 if there is no file, as in
 * data of older versions. `isLost` if the file cannot be read: the node then does not know for which terms it has voted,
 * and must follow before it may lead. Never throws.
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

/** Writes the term atomically; resolves when it is durable. Rejects with MasterError. */
export const writeKnownTerm = async (directory: Directory, known: KnownTerm): Promise<void> => {
  try {
    await directory.replace(FILE, JSON.stringify(known))
  } catch (cause) {
    throw diskError(directory.path, cause)
  }
}
