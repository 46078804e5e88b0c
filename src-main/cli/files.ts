import { text as textOf } from 'node:stream/consumers'
import { Labels } from '@core/state/labels'
import {
  type DeclarationFile,
  DeclarationFileError,
  declarationFilesAt,
  parseDeclarations,
  readEach,
  requireNoFaults,
  withDuplicateFaults,
} from '../declaration-files/index'
import { CommandError, WRONG_USE } from './exit-codes'

const wrongUse = (message: string, hint: string): CommandError =>
  new CommandError(message, { hint, exitCode: WRONG_USE })

const STANDARD_INPUT = 'standard input'

const readAll = async (where: string): Promise<DeclarationFile[]> => {
  if (where === '-')
    return [{ file: STANDARD_INPUT, ...parseDeclarations(await textOf(process.stdin), STANDARD_INPUT) }]
  return readEach(await declarationFilesAt(where))
}

/** Reads the given files completely. Throws CommandError with all their faults. */
export const readFiles = async (places: readonly string[]): Promise<readonly DeclarationFile[]> => {
  try {
    const files = await Promise.all(places.map(readAll))
    return requireNoFaults(withDuplicateFaults(files.flat()))
  } catch (error) {
    if (error instanceof DeclarationFileError) throw wrongUse(error.message, error.hint)
    throw error
  }
}

/** Parses labels such as `team=a,stage=test`. Throws CommandError. */
export const selectorOf = (text: string): Labels => {
  const pairs = text.split(',').map((pair) => pair.split('='))
  const { data, error } = Labels.safeParse(
    Object.fromEntries(pairs.map(([name = '', value]) => [name.trim(), value?.trim()])),
  )
  if (error || pairs.some((pair) => pair.length !== 2))
    throw wrongUse(`${text} is not a list of labels`, 'Expected name=value, separated by commas: team=a,stage=test.')
  return data
}

/**
 * Labels to prune by, from `--prune -l LABELS`; undefined without `--prune`. Throws CommandError if only one of the two
 * is given.
 */
export const pruneLabels = (prune: boolean, selector: string | undefined): Labels | undefined => {
  if (prune !== (selector !== undefined))
    throw wrongUse('--prune requires --selector, and the other way round', 'Limit what is removed: --prune -l team=a.')
  return selector === undefined ? undefined : selectorOf(selector)
}
