import { text as textOf } from 'node:stream/consumers'
import { Labels } from '@core/state/labels'
import {
  declarationFilesAt,
  DeclarationFileError,
  readDeclarationFiles,
  requireNoFaults,
  withDuplicateFaults,
  type DeclarationFile,
} from '../declaration-files/read'
import { parseDeclarations } from '../declaration-files/parse'
import { CommandError, WRONG_USE } from './exit-codes'

const wrongUse = (message: string, hint: string): CommandError =>
  new CommandError(message, { hint, exitCode: WRONG_USE })

const STANDARD_INPUT = 'standard input'

const readAll = async (where: string): Promise<DeclarationFile[]> => {
  if (where === '-')
    return [{ file: STANDARD_INPUT, ...parseDeclarations(await textOf(process.stdin), STANDARD_INPUT) }]
  return readDeclarationFiles(await declarationFilesAt(where))
}

/** The files that a person names, each read whole and without a fault. Throws CommandError that names every fault. */
export const readFiles = async (places: readonly string[]): Promise<readonly DeclarationFile[]> => {
  try {
    const files = await Promise.all(places.map(readAll))
    return requireNoFaults(withDuplicateFaults(files.flat()))
  } catch (error) {
    if (error instanceof DeclarationFileError) throw wrongUse(error.message, error.hint)
    throw error
  }
}

/** `team=a,stage=test` as labels. Throws CommandError. */
export const selectorOf = (text: string): Labels => {
  const pairs = text.split(',').map((pair) => pair.split('='))
  const { data, error } = Labels.safeParse(
    Object.fromEntries(pairs.map(([name = '', value]) => [name.trim(), value?.trim()])),
  )
  if (error || pairs.some((pair) => pair.length !== 2))
    throw wrongUse(`${text} is no list of labels`, 'Write name=value, several with commas: team=a,stage=test.')
  return data
}

/** `--prune -l LABELS` as what is to be removed; undefined without `--prune`. Throws CommandError for one without the other. */
export const pruneLabels = (prune: boolean, selector: string | undefined): Labels | undefined => {
  if (prune !== (selector !== undefined))
    throw wrongUse('--prune and --selector go together', 'Say what may be removed: --prune -l team=a.')
  return selector === undefined ? undefined : selectorOf(selector)
}
